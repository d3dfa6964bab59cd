import { FormField } from "@/components/FormField"
import { TextLink } from "@/components/TextLink"
import { Select } from "@/components/ui/select"
import type { ReferenceOption } from "@/lib/references"
import type { Resource } from "@/lib/resource"
import { type FieldProps, fieldId } from "./field-props"

interface ReferenceFieldProps extends FieldProps {
  /** Null while they load. */
  options: ReferenceOption[] | null
  target?: Resource
}

/** A select of the other records; where there are none, the way to make one. */
export function ReferenceField({ field, value, onChange, error, options, target }: ReferenceFieldProps) {
  const known = options?.some((option) => option.id === value)
  const isEmpty = options?.length === 0 && value === ""
  return (
    <FormField id={fieldId(field)} label={field.label} required={field.required} error={error} hint={isEmpty && <NothingYet target={target} />}>
      {(control) => (
        <>
          <Select
            {...control}
            name={field.name}
            value={options ? value : ""}
            disabled={options === null}
            onChange={(event) => onChange(event.target.value)}
          >
            <option value="">{isEmpty ? `No ${target?.plural ?? "records"} yet` : "Choose…"}</option>
            {options?.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
            {options && value !== "" && !known && <option value={value}>Not available</option>}
          </Select>
          {isEmpty && error && (
            <p className="text-sm text-muted-foreground">
              <NothingYet target={target} />
            </p>
          )}
        </>
      )}
    </FormField>
  )
}

function NothingYet({ target }: { target?: Resource }) {
  if (!target) return "There are no records to choose from yet."
  return (
    <>
      There are no {target.plural} yet. <TextLink to={`/${target.path}/new`}>Add the first {target.singular}</TextLink>
    </>
  )
}
