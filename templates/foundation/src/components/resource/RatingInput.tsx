import { Star } from "lucide-react"
import { cn } from "@/lib/cn"
import { type Field, ratingScale } from "@/lib/resource"

interface RatingInputProps {
  field: Field
  value: string
  onChange: (value: string) => void
  invalid: boolean
}

/** A radio group drawn as stars. */
export function RatingInput({ field, value, onChange, invalid }: RatingInputProps) {
  const scale = ratingScale(field)
  const last = scale.at(-1)
  return (
    <div className="flex min-h-11 items-center gap-3">
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
              aria-invalid={invalid}
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
        <button type="button" onClick={() => onChange("")} className="rounded-md px-1 text-sm text-muted-foreground underline underline-offset-4 hover:text-foreground">
          Clear
        </button>
      )}
    </div>
  )
}
