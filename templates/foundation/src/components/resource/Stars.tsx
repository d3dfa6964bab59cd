import { Star } from "lucide-react"
import { type Field, ratingScale } from "@/lib/resource"

export function Stars({ field, value }: { field: Field; value: number }) {
  const scale = ratingScale(field)
  const last = scale.at(-1) ?? value
  if (scale.length > 10) return <span>{`${value} of ${last}`}</span>
  return (
    <span role="img" aria-label={`${value} of ${last}`} className="inline-flex gap-0.5">
      {scale.map((star) => (
        <Star key={star} aria-hidden className={star <= value ? "size-4 fill-star text-star" : "size-4 text-input"} />
      ))}
    </span>
  )
}
