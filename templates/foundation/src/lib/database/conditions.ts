/** Filters and orders with PostgreSQL's meaning of null: a comparison with null is never true. */
import type { Row, Value } from "./types"

export type Condition = (row: Row) => boolean

export interface Order {
  column: string
  ascending: boolean
  nullsFirst: boolean
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" })

export function compareValues(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") return collator.compare(left, right)
  return Number(left) - Number(right)
}

export function compared(column: string, to: Value, accept: (left: Value, right: Value) => boolean): Condition {
  return (row) => {
    const value = row[column] ?? null
    return value !== null && to !== null && accept(value, to)
  }
}

/** `%` is any text, `_` any character; a backslash makes either literal. */
export function matches(column: string, pattern: string): Condition {
  const source = pattern.replace(/\\(.)|[%_]|[^\\%_]+/gs, (part, escaped?: string) => {
    if (escaped !== undefined) return escapePattern(escaped)
    if (part === "%") return ".*"
    return part === "_" ? "." : escapePattern(part)
  })
  const expression = new RegExp(`^${source}$`, "isu")
  return (row) => typeof row[column] === "string" && expression.test(row[column])
}

export function inOrder(orders: Order[]): (left: Row, right: Row) => number {
  return (left, right) => {
    for (const { column, ascending, nullsFirst } of orders) {
      const a = left[column] ?? null
      const b = right[column] ?? null
      if (a === null && b === null) continue
      if (a === null) return nullsFirst ? -1 : 1
      if (b === null) return nullsFirst ? 1 : -1
      const difference = compareValues(a, b)
      if (difference !== 0) return ascending ? difference : -difference
    }
    return 0
  }
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")
}
