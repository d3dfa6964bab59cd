/** This browser's storage. Where it is refused (a private window, a frame with blocked site data), this page's memory. */
const memory = new Map<string, string>()

function allowed(): boolean {
  try {
    localStorage.getItem("")
    return true
  } catch {
    return false
  }
}

/** Whether what is stored is still there when the page is opened again. */
export const isKept = allowed()

export function readItem(key: string): string | null {
  return isKept ? localStorage.getItem(key) : (memory.get(key) ?? null)
}

export function writeItem(key: string, value: string) {
  if (isKept) localStorage.setItem(key, value)
  else memory.set(key, value)
}

export function removeItem(key: string) {
  if (isKept) localStorage.removeItem(key)
  else memory.delete(key)
}
