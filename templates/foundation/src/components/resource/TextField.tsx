import { FormField } from "@/components/FormField"
import { Input } from "@/components/ui/input"
import { Textarea } from "@/components/ui/textarea"
import type { Field } from "@/lib/resource"
import { type FieldProps, fieldId } from "./field-props"

const inputTypes: Partial<Record<Field["kind"], string>> = { number: "number", rating: "number", date: "date", email: "email", url: "url" }

/** Whatever is typed: text, numbers with their unit, dates and addresses. */
export function TextField({ field, value, onChange, error }: FieldProps) {
  const { name, label, kind, required, unit } = field
  const type = inputTypes[kind] ?? "text"
  return (
    <FormField id={fieldId(field)} label={label} required={required} error={error}>
      {(control) =>
        kind === "long_text" ? (
          <Textarea {...control} name={name} value={value} onChange={(event) => onChange(event.target.value)} />
        ) : (
          <span className="relative block">
            <Input
              {...control}
              name={name}
              type={type}
              value={value}
              onChange={(event) => onChange(event.target.value)}
              {...(type === "number" ? { min: field.min, max: field.max, step: field.step ?? "any", onWheel: leaveAlone } : {})}
              placeholder={kind === "url" ? "https://" : undefined}
              autoComplete="off"
              className={unit ? "pr-20" : undefined}
            />
            {unit && <span className="pointer-events-none absolute inset-y-0 right-3.5 flex max-w-16 items-center truncate text-sm text-muted-foreground">{unit}</span>}
          </span>
        )
      }
    </FormField>
  )
}

/** Scrolling the page over a focused number must not change it. */
function leaveAlone(event: { currentTarget: HTMLInputElement }) {
  event.currentTarget.blur()
}
