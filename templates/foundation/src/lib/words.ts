export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function countOf(number: number, singular: string, plural: string): string {
  return `${number.toLocaleString()} ${number === 1 ? singular : plural}`
}
