/** Values as words: for reading, searching and sorting. */
import type { References } from "@/lib/references"
import type { Row, Value } from "./database"
import type { Field, Resource } from "./resource"

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" })
// Groups from five digits on, so that a year reads as a year.
const numbers = new Intl.NumberFormat(undefined, { useGrouping: "min2", maximumFractionDigits: 10 })

/** The day of a moment, where the reader is. */
export function dayOf(moment: string): string {
  return dates.format(new Date(moment))
}

/** A calendar date in the reader's own way; what is no date stays as it is. */
export function dateOf(text: string): string {
  const [year, month, day] = text.split("-").map(Number)
  const date = new Date(year, month - 1, day)
  return Number.isNaN(date.getTime()) ? text : dates.format(date)
}

export function textOf(field: Field, value: Value, references: References): string {
  if (value === null) return ""
  switch (field.kind) {
    case "reference": {
      const options = references[field.name]
      if (!options) return ""
      return options.find((option) => option.id === value)?.label ?? "Not available"
    }
    case "number":
      return [numbers.format(Number(value)), field.unit].filter(Boolean).join(" ")
    case "date":
      return dateOf(String(value))
    default:
      return String(value)
  }
}

/** What to call one record: its title, or “Untitled recipe”. */
export function titleOf(resource: Resource, record: Row, references: References): string {
  const field = resource.fields.find(({ name }) => name === resource.titleField)
  const title = field ? textOf(field, record[field.name] ?? null, references) : ""
  return title || `Untitled ${resource.singular}`
}

const searched: ReadonlySet<Field["kind"]> = new Set(["text", "long_text", "email", "url", "choice", "reference"])

/** Keeps the records whose texts hold every word of the query, upper or lower case, with or without accents. */
export function search(resource: Resource, records: Row[], references: References, query: string): Row[] {
  const words = folded(query).split(/\s+/).filter(Boolean)
  if (words.length === 0) return records
  const fields = resource.fields.filter((field) => searched.has(field.kind))
  return records.filter((record) => {
    const text = folded(fields.map((field) => textOf(field, record[field.name] ?? null, references)).join("\n"))
    return words.every((word) => text.includes(word))
  })
}

function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase()
}
