import type { Field } from "@/lib/resource"

/** What the control of a text-like field gets. */
export interface FieldProps {
  field: Field
  value: string
  onChange: (value: string) => void
  error?: string
}

export function fieldId(field: Field): string {
  return `field-${field.name}`
}
