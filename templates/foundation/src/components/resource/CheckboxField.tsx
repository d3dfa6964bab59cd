import { controlProps, FieldNote } from "@/components/FormField"
import { Checkbox } from "@/components/ui/checkbox"
import { Label } from "@/components/ui/label"
import { type FieldProps, fieldId } from "./field-props"

interface CheckboxFieldProps extends Pick<FieldProps, "field" | "error"> {
  checked: boolean
  onChange: (checked: boolean) => void
}

export function CheckboxField({ field, checked, onChange, error }: CheckboxFieldProps) {
  const id = fieldId(field)
  return (
    <div className="grid gap-2">
      <div className="flex items-center gap-3">
        <Checkbox {...controlProps(id, false, error, undefined)} name={field.name} checked={checked} onChange={(event) => onChange(event.target.checked)} />
        <Label htmlFor={id}>{field.label}</Label>
      </div>
      <FieldNote id={id} error={error} />
    </div>
  )
}
