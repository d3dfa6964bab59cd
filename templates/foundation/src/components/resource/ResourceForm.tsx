import { type SubmitEvent, useState } from "react"
import { Link, useNavigate, useSearchParams } from "react-router"
import { toast } from "sonner"
import { useReturnAddress } from "@/auth/return-address"
import { Button } from "@/components/ui/button"
import { Card } from "@/components/ui/card"
import { useReferences } from "@/hooks/useReferences"
import { db, errorText, type Row } from "@/lib/database"
import { columnsOf, filled, formValues, newValues } from "@/lib/field-value"
import type { Resource } from "@/lib/resource"
import { type FieldErrors, validate } from "@/lib/validation"
import { capitalised } from "@/lib/words"
import { FieldInput } from "./FieldInput"

interface ResourceFormProps {
  resource: Resource
  references?: Resource[]
  /** The record to change; null for a new one, which may refer to what the address names: `?project=<id>`. */
  record: Row | null
}

export function ResourceForm({ resource, references: resources, record }: ResourceFormProps) {
  const [given] = useSearchParams()
  const [values, setValues] = useState(() => (record ? formValues(resource, record) : newValues(resource, given)))
  const [errors, setErrors] = useState<FieldErrors>({})
  const [saving, setSaving] = useState(false)
  const references = useReferences(resource, resources)
  const navigate = useNavigate()
  const back = useReturnAddress(record ? `/${resource.path}/${record.id}` : `/${resource.path}`)

  function change(name: string, value: string | boolean) {
    setValues((known) => ({ ...known, [name]: value }))
    setErrors(({ [name]: _, ...others }) => others)
  }

  async function save(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const problems = { ...validate(resource, values), ...unreadableNumbers(form) }
    setErrors(problems)
    if (Object.keys(problems).length > 0) {
      focusFirst(form, resource, problems)
      return
    }
    setSaving(true)
    const columns = columnsOf(resource, values)
    const table = db.fromName(resource.table)
    const { error } = record ? await table.update(columns).eq("id", record.id).select("id").single() : await table.insert(filled(columns))
    setSaving(false)
    if (error) {
      toast.error(errorText(error))
      return
    }
    toast.success(`${capitalised(resource.singular)} saved`)
    await navigate(back)
  }

  return (
    <form noValidate onSubmit={(event) => void save(event)}>
      <Card className="p-5 sm:p-8">
        <div className="grid gap-6">
          {resource.fields.map((field) => (
            <FieldInput
              key={field.name}
              field={field}
              value={values[field.name] ?? ""}
              onChange={(value) => change(field.name, value)}
              error={errors[field.name]}
              options={references[field.name] ?? null}
              target={resources?.find(({ table }) => table === field.to)}
            />
          ))}
        </div>
        <div className="mt-8 flex flex-col-reverse gap-3 border-t pt-6 sm:flex-row sm:items-center">
          {resource.fields.some((field) => field.required) && (
            <p className="text-sm text-muted-foreground sm:mr-auto">
              <span className="text-destructive">*</span> Required
            </p>
          )}
          <Button asChild variant="outline" className="sm:ml-auto">
            <Link to={back}>Cancel</Link>
          </Button>
          <Button type="submit" disabled={saving} className="sm:min-w-28">
            Save
          </Button>
        </div>
      </Card>
    </form>
  )
}

/** A number input reports an empty value for text it cannot read; only the element itself knows. */
function unreadableNumbers(form: HTMLFormElement): FieldErrors {
  const inputs = Array.from(form.querySelectorAll("input")).filter((input) => input.validity.badInput)
  return Object.fromEntries(inputs.map((input) => [input.name, input.type === "date" ? "Enter a whole date." : "Enter a number."]))
}

function focusFirst(form: HTMLFormElement, resource: Resource, problems: FieldErrors) {
  const first = resource.fields.find((field) => problems[field.name])
  if (first) form.querySelector<HTMLElement>(`[name="${CSS.escape(first.name)}"]`)?.focus()
}
