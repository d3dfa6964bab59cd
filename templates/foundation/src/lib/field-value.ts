/** From what a form holds to what the database keeps, and back. */
import type { Row, Value } from "./database"
import type { Field, Resource } from "./resource"

/** One entry per field: text as typed, or the state of a checkbox. */
export type FormValues = Record<string, string | boolean>

export function formValues(resource: Resource, record: Row | null): FormValues {
  return Object.fromEntries(resource.fields.map((field) => [field.name, formValue(field, record?.[field.name] ?? null)]))
}

/** Those of a new record, which refers to what is given by the names of its fields. */
export function newValues(resource: Resource, given: URLSearchParams): FormValues {
  const references = resource.fields.filter((field) => field.kind === "reference")
  return { ...formValues(resource, null), ...Object.fromEntries(references.map(({ name }) => [name, given.get(name) ?? ""])) }
}

export function columnsOf(resource: Resource, values: FormValues): Record<string, Value> {
  return Object.fromEntries(resource.fields.map((field) => [field.name, columnValue(field, values[field.name])]))
}

/** Without what was left empty, so that a new row gets its table's own defaults. */
export function filled(columns: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null))
}

function formValue(field: Field, value: Value): string | boolean {
  if (field.kind === "boolean") return value === true
  return value === null ? "" : String(value)
}

function columnValue(field: Field, value: string | boolean | undefined): Value {
  if (field.kind === "boolean") return value === true
  const text = String(value ?? "").trim()
  if (text === "") return null
  return field.kind === "number" || field.kind === "rating" ? Number(text) : text
}
