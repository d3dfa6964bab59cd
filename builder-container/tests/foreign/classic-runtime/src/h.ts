export const h = (name: string, props: Record<string, string> | null, ...children: string[]) => {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(props ?? {})) element.setAttribute(key, value)
  element.append(...children)
  return element
}
