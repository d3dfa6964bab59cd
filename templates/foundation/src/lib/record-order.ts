/** The orders a list can be read in. */
import type { References } from "@/lib/references"
import type { Row, Value } from "./database"
import { textOf } from "./record-text"
import type { Field, Resource } from "./resource"

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" })

export interface RecordOrder {
  id: string
  label: string
  compare: (left: Row, right: Row) => number
}

export function ordersOf(resource: Resource, references: References): RecordOrder[] {
  return [
    { id: "newest", label: "Newest first", compare: (left, right) => compareValues(right.created_at, left.created_at) },
    { id: "oldest", label: "Oldest first", compare: (left, right) => compareValues(left.created_at, right.created_at) },
    ...resource.fields.filter((field) => field.kind !== "long_text").flatMap((field) => fieldOrders(field, references)),
  ]
}

function fieldOrders(field: Field, references: References): RecordOrder[] {
  const [up, down] = directions(field)
  const ascending = (left: Row, right: Row) => compareKnown(sortKey(field, left, references), sortKey(field, right, references), 1)
  const descending = (left: Row, right: Row) => compareKnown(sortKey(field, left, references), sortKey(field, right, references), -1)
  const both = [
    { id: `${field.name}-up`, label: `${field.label}: ${up}`, compare: ascending },
    { id: `${field.name}-down`, label: `${field.label}: ${down}`, compare: descending },
  ]
  return field.kind === "rating" || field.kind === "boolean" ? both.reverse() : both
}

function directions(field: Field): [string, string] {
  switch (field.kind) {
    case "number":
    case "rating":
      return ["low to high", "high to low"]
    case "date":
      return ["earliest first", "latest first"]
    case "boolean":
      return ["no first", "yes first"]
    default:
      return ["A to Z", "Z to A"]
  }
}

function sortKey(field: Field, record: Row, references: References): string | number | null {
  const value = record[field.name] ?? null
  if (field.kind === "boolean") return value === true ? 1 : 0
  if (field.kind === "reference") return textOf(field, value, references) || null
  return typeof value === "boolean" ? Number(value) : value
}

/** Records without a value come last, whichever the direction. */
function compareKnown(left: string | number | null, right: string | number | null, direction: 1 | -1): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return direction * compareValues(left, right)
}

function compareValues(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") return collator.compare(left, right)
  return Number(left) - Number(right)
}
