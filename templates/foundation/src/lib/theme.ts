export type Theme = "light" | "dark" | "system"

// index.html reads the same key before the first paint.
const key = "overskill-theme"
const listeners = new Set<() => void>()
const prefersDark = matchMedia("(prefers-color-scheme: dark)")
let current = stored()

apply()
prefersDark.addEventListener("change", announce)
window.addEventListener("storage", (event) => {
  if (event.key !== key) return
  current = stored()
  announce()
})

export function theme(): Theme {
  return current
}

export function isDark(): boolean {
  return current === "dark" || (current === "system" && prefersDark.matches)
}

export function setTheme(next: Theme) {
  current = next
  try {
    localStorage.setItem(key, next)
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  announce()
}

export function subscribeToTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(key)
    return value === "light" || value === "dark" ? value : "system"
  } catch {
    return "system"
  }
}

function apply() {
  document.documentElement.classList.toggle("dark", isDark())
}

function announce() {
  apply()
  for (const listener of listeners) listener()
}
