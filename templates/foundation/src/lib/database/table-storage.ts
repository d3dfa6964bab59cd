/** Whole tables in this browser's storage. Knows names and rows, nothing of queries. */
import { readItem, writeItem } from "@/lib/browser-storage"
import { QueryFailure, type Row } from "./types"

const changes = new EventTarget()

window.addEventListener("storage", (event) => {
  if (event.key) changes.dispatchEvent(new Event(event.key))
})

export function readTable(name: string): Row[] {
  const text = access(() => readItem(name))
  if (text === null) return []
  try {
    const rows: unknown = JSON.parse(text)
    if (Array.isArray(rows) && rows.every(isRow)) return rows
  } catch {
    // Reported below, together with the case of JSON that is no table.
  }
  throw new QueryFailure("XX001", "The saved records could not be read: their storage is damaged.", `Storage key: ${name}`)
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string"
}

export function writeTable(name: string, rows: Row[]) {
  access(() => writeItem(name, JSON.stringify(rows)))
  changes.dispatchEvent(new Event(name))
}

export function onTableChange(name: string, listener: () => void): () => void {
  changes.addEventListener(name, listener)
  return () => changes.removeEventListener(name, listener)
}

function access<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
      throw new QueryFailure("53100", "This browser's storage is full, so nothing was saved.", "Delete records you no longer need and try again.")
    }
    throw new QueryFailure("08000", "This browser does not let the app store anything.", "Allow site data for this page, or leave private browsing.")
  }
}
