/** One line per query in the browser's console while the app is being built. What is in the rows is left out. */
import { isDevelopment } from "../config"

export function logQuery(method: string, name: string, outcome: string, milliseconds: number) {
  if (isDevelopment) console.debug(`[db] ${method} ${name} → ${outcome} (${milliseconds.toFixed(1)} ms)`)
}

/** `code` is that of a failure. */
export function outcomeOf({ ok, status, headers }: Response, code: string): string {
  if (!ok) return `failed: ${code || status}`
  const [range = "", total = "*"] = headers.get("content-range")?.split("/") ?? []
  const [first, last] = range.split("-").map(Number)
  const rows = last === undefined ? null : last - first + 1
  const parts = [rows === null ? null : `${rows} ${rows === 1 ? "row" : "rows"}`, total === "*" ? null : `${total} in all`]
  return parts.filter(Boolean).join(", ") || "done"
}
