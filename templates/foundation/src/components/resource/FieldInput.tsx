import type { ReferenceOption } from "@/lib/references"
import { type Field, type Resource, ratingScale } from "@/lib/resource"
import { CheckboxField } from "./CheckboxField"
import { ChoiceField } from "./ChoiceField"
import { RatingField } from "./RatingField"
import { ReferenceField } from "./ReferenceField"
import { TextField } from "./TextField"

export interface FieldInputProps {
  field: Field
  /** A checkbox holds a boolean, everything else text. */
  value: string | boolean
  onChange: (value: string | boolean) => void
  error?: string
  /** For a reference: what it can point to, null while that loads. */
  options: ReferenceOption[] | null
  /** For a reference: the other resource, where the app has pages for it. */
  target?: Resource
}

/** The control for a field's kind, with its label and error. */
export function FieldInput({ field, value, onChange, error, options, target }: FieldInputProps) {
  const text = String(value)
  switch (field.kind) {
    case "boolean":
      return <CheckboxField field={field} checked={value === true} onChange={onChange} error={error} />
    case "rating":
      return ratingScale(field).length <= 10 ? (
        <RatingField field={field} value={text} onChange={onChange} error={error} />
      ) : (
        <TextField field={field} value={text} onChange={onChange} error={error} />
      )
    case "choice":
      return <ChoiceField field={field} value={text} onChange={onChange} error={error} />
    case "reference":
      return <ReferenceField field={field} value={text} onChange={onChange} error={error} options={options} target={target} />
    default:
      return <TextField field={field} value={text} onChange={onChange} error={error} />
  }
}
