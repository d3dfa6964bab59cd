export function price(value: number) {
  return `${value}`;
}
