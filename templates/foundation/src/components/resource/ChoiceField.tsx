import { FormField } from "@/components/FormField"
import { Select } from "@/components/ui/select"
import { type FieldProps, fieldId } from "./field-props"

export function ChoiceField({ field, value, onChange, error }: FieldProps) {
  const options = field.options ?? []
  // A record may hold a choice that was taken off the list since.
  const shown = value === "" || options.includes(value) ? options : [...options, value]
  return (
    <FormField id={fieldId(field)} label={field.label} required={field.required} error={error}>
      {(control) => (
        <Select {...control} name={field.name} value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">Choose…</option>
          {shown.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </Select>
      )}
    </FormField>
  )
}
