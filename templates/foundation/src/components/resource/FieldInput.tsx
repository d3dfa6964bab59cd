import { Link } from "react-router"
import { controlProps, FieldNote, FormField, RequiredMark } from "@/components/FormField"
import { Checkbox } from "@/components/ui/checkbox"
import { Input } from "@/components/ui/input"
import { Label } from "@/components/ui/label"
import { Select } from "@/components/ui/select"
import { Textarea } from "@/components/ui/textarea"
import type { ReferenceOption } from "@/hooks/useReferences"
import { type Field, type Resource, ratingScale } from "@/lib/resource"
import { RatingInput } from "./RatingInput"

interface FieldInputProps {
  field: Field
  value: string | boolean
  onChange: (value: string | boolean) => void
  error?: string
  /** For a reference: what it can point to, null while that loads. */
  options?: ReferenceOption[] | null
  /** For a reference: the other resource, where the app has pages for it. */
  target?: Resource
}

const inputTypes: Partial<Record<Field["kind"], string>> = { number: "number", date: "date", email: "email", url: "url" }

/** The control for a field's kind, with its label, unit and error. */
export function FieldInput({ field, value, onChange, error, options, target }: FieldInputProps) {
  const { name, label, kind, required = false } = field
  const id = `field-${name}`
  const text = String(value)

  if (kind === "boolean") {
    return (
      <div className="grid gap-2">
        <div className="flex items-center gap-3">
          <Checkbox {...controlProps(id, false, error, undefined)} name={name} checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          <Label htmlFor={id}>{label}</Label>
        </div>
        <FieldNote id={id} error={error} />
      </div>
    )
  }

  if (kind === "rating" && ratingScale(field).length <= 10) {
    return (
      <fieldset className="grid gap-2" aria-describedby={error ? `${id}-note` : undefined}>
        <legend className="mb-2 flex gap-1 text-sm font-medium">
          <span>{label}</span>
          {required && <RequiredMark />}
        </legend>
        <RatingInput field={field} value={text} onChange={onChange} invalid={Boolean(error)} />
        <FieldNote id={id} error={error} />
      </fieldset>
    )
  }

  if (kind === "reference" && options?.length === 0 && text === "") return <NothingToChoose field={field} target={target} error={error} />

  return (
    <FormField id={id} label={label} required={required} error={error}>
      {(control) => {
        const shared = { ...control, name, value: text, onChange: (event: { target: { value: string } }) => onChange(event.target.value) }
        switch (kind) {
          case "long_text":
            return <Textarea {...shared} />
          case "choice":
            return <Select {...shared}>{choices(field.options?.map((option) => ({ id: option, label: option })) ?? [], text)}</Select>
          case "reference":
            return <Select {...shared}>{choices(options ?? [], options ? text : "")}</Select>
          default:
            return (
              <span className="relative block">
                <Input
                  {...shared}
                  type={inputTypes[kind] ?? (kind === "rating" ? "number" : "text")}
                  min={kind === "number" ? field.min : undefined}
                  max={kind === "number" ? field.max : undefined}
                  step={kind === "number" ? (field.step ?? "any") : undefined}
                  placeholder={kind === "url" ? "https://" : undefined}
                  autoComplete="off"
                  onWheel={(event) => event.currentTarget.type === "number" && event.currentTarget.blur()}
                  className={field.unit ? "pr-20" : undefined}
                />
                {field.unit && (
                  <span className="pointer-events-none absolute inset-y-0 right-3.5 flex max-w-16 items-center truncate text-sm text-muted-foreground">{field.unit}</span>
                )}
              </span>
            )
        }
      }}
    </FormField>
  )
}

/** The options, and the present value even where it is none of them any more. */
function choices(options: ReferenceOption[], current: string) {
  const known = current === "" || options.some((option) => option.id === current)
  return (
    <>
      <option value="">Choose…</option>
      {options.map((option) => (
        <option key={option.id} value={option.id}>
          {option.label}
        </option>
      ))}
      {!known && <option value={current}>{isId(current) ? "Deleted record" : current}</option>}
    </>
  )
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text)
}

function NothingToChoose({ field, target, error }: { field: Field; target?: Resource; error?: string }) {
  const id = `field-${field.name}`
  const plural = target?.plural ?? "records to choose from"
  return (
    <FormField id={id} label={field.label} required={field.required} error={error} hint={
      <>
        There are no {plural} yet.{" "}
        {target && (
          <Link to={`/${target.path}/new`} className="font-medium text-primary underline underline-offset-4">
            Add the first {target.singular}
          </Link>
        )}
      </>
    }>
      {(control) => (
        <Select {...control} name={field.name} value="" onChange={() => {}} disabled>
          <option value="">No {plural} yet</option>
        </Select>
      )}
    </FormField>
  )
}
