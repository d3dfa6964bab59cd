import { identity } from "./identity"

/** Draws the tab's icon from the app's initial and brand colour, so that two apps look different in the tab bar. */
export function showFavicon() {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]")
  if (!link) return
  const style = getComputedStyle(document.documentElement)
  const color = `oklch(0.55 ${style.getPropertyValue("--brand-chroma")} ${style.getPropertyValue("--brand-hue")})`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="${color}"/><text x="16" y="22.5" font-family="system-ui, sans-serif" font-size="18" font-weight="700" text-anchor="middle" fill="white">${escapeXml(initialOf(identity.name))}</text></svg>`
  link.href = `data:image/svg+xml,${encodeURIComponent(svg)}`
}

export function initialOf(name: string): string {
  const [first] = name.replace(/[^\p{L}\p{N}]/gu, "")
  return first ? first.toUpperCase() : "•"
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`)
}
