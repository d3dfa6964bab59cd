import { Star } from "lucide-react"
import { FieldNote, RequiredMark } from "@/components/FormField"
import { cn } from "@/lib/cn"
import { ratingScale } from "@/lib/resource"
import { type FieldProps, fieldId } from "./field-props"

/** A radio group drawn as stars. */
export function RatingField({ field, value, onChange, error }: FieldProps) {
  const scale = ratingScale(field)
  const last = scale.at(-1)
  const id = fieldId(field)
  return (
    <fieldset role="radiogroup" aria-required={Boolean(field.required)} aria-invalid={Boolean(error)} aria-describedby={error ? `${id}-note` : undefined}>
      <legend className="flex gap-1 text-sm font-medium">
        {field.label}
        {field.required && <RequiredMark />}
      </legend>
      <div className="mt-1 -ml-1.5 flex min-h-11 items-center gap-3">
        <div className="flex">
          {scale.map((star) => (
            <span key={star} className="relative grid size-10 place-items-center">
              <input
                type="radio"
                name={field.name}
                value={star}
                checked={value === String(star)}
                onChange={() => onChange(String(star))}
                aria-label={`${star} of ${last}`}
                className="peer absolute inset-0 z-10 size-full cursor-pointer appearance-none rounded-lg outline-none focus-visible:ring-2 focus-visible:ring-ring"
              />
              <Star
                aria-hidden
                className={cn("size-7 transition-[scale,color] peer-hover:scale-110", value !== "" && star <= Number(value) ? "fill-star text-star" : "text-input")}
              />
            </span>
          ))}
        </div>
        {value !== "" && !field.required && (
          <button
            type="button"
            aria-label={`Clear ${field.label.toLowerCase()}`}
            onClick={() => onChange("")}
            className="rounded-md px-1 text-sm text-muted-foreground underline underline-offset-4 outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
          >
            Clear
          </button>
        )}
      </div>
      <FieldNote id={id} error={error} />
    </fieldset>
  )
}
