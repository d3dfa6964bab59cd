/** What the list, detail and form pages know of a thing this app keeps. */
import type { Access, Columns } from "./database"

export type { Row } from "./database"

export type FieldKind = "text" | "long_text" | "number" | "date" | "boolean" | "email" | "url" | "choice" | "rating" | "reference"

export interface Field {
  /** The column. */
  name: string
  label: string
  kind: FieldKind
  required?: boolean
  /** Bounds of a number or rating; of a text, its length. */
  min?: number
  max?: number
  step?: number
  /** For a choice. */
  options?: string[]
  /** For a reference: the other table. */
  to?: string
  /** For a reference: the other record's column to show; by default its title. */
  toField?: string
  unit?: string
}

export interface Resource {
  table: string
  /** As the table was defined; by default everyone's rows are their own. */
  access?: Access
  /** Lower case, as in the middle of a sentence. */
  singular: string
  plural: string
  /** The address of the list, without slashes at either end. A record is at `<path>/<id>`, its form at `<path>/<id>/edit`. */
  path: string
  titleField: string
  fields: Field[]
  /** Rows that the empty list offers to put in. */
  examples?: Columns[]
}

/** The fields shown below a record's title. */
export function detailFields(resource: Resource): Field[] {
  return resource.fields.filter((field) => field.name !== resource.titleField)
}

/** Whether its values take a line of their own. */
export function isWide({ kind }: Field): boolean {
  return kind === "long_text" || kind === "url" || kind === "email"
}

export function ratingScale(field: Field): number[] {
  const first = field.min ?? 1
  const last = field.max ?? 5
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}
