import { Check, Minus } from "lucide-react"
import { TextLink } from "@/components/TextLink"
import { Badge } from "@/components/ui/badge"
import type { References } from "@/lib/references"
import type { Row } from "@/lib/database"
import type { Field, Resource } from "@/lib/resource"
import { dateOf, textOf } from "@/lib/record-text"
import { LongText } from "./LongText"
import { Stars } from "./Stars"

interface FieldValueProps {
  field: Field
  record: Row
  references: References
  /** For a reference: the other resource, where the app has pages for it and this one is to lead there. */
  target?: Resource
  /** Whether a long text is shown to its end. */
  isWhole?: boolean
}

/** A value as its kind is best read. */
export function FieldValue({ field, record, references, target, isWhole }: FieldValueProps) {
  const value = record[field.name] ?? null
  if (field.kind === "boolean") return <YesOrNo yes={value === true} />
  if (value === null || value === "") return <span className="text-muted-foreground">–</span>
  const text = String(value)
  switch (field.kind) {
    case "rating":
      return <Stars field={field} value={Number(value)} />
    case "choice":
      return <Badge>{text}</Badge>
    case "long_text":
      return isWhole ? <p className="break-words whitespace-pre-line">{text}</p> : <LongText text={text} />
    case "date":
      return <time dateTime={text}>{dateOf(text)}</time>
    case "email":
      return <a href={`mailto:${text}`} className={link}>{text}</a>
    case "url":
      return <WebAddress text={text} />
    case "reference": {
      const name = textOf(field, value, references)
      const isThere = references[field.name]?.some(({ id }) => id === value)
      return isThere && target ? (
        <TextLink to={`/${target.path}/${text}`} className="break-words">
          {name}
        </TextLink>
      ) : (
        <span className="break-words">{name}</span>
      )
    }
    default:
      return <span className="break-words">{textOf(field, value, references)}</span>
  }
}

const link = "break-all text-primary underline-offset-4 hover:underline"

function WebAddress({ text }: { text: string }) {
  if (!/^https?:\/\//i.test(text)) return <span className="break-all">{text}</span>
  return (
    <a href={text} target="_blank" rel="noreferrer" className={link}>
      {text.replace(/^https?:\/\/(www\.)?|\/$/gi, "")}
    </a>
  )
}

function YesOrNo({ yes }: { yes: boolean }) {
  const Icon = yes ? Check : Minus
  return (
    <span className="inline-flex items-center gap-1.5">
      <Icon aria-hidden className={yes ? "size-4 text-primary" : "size-4 text-muted-foreground"} />
      {yes ? "Yes" : "No"}
    </span>
  )
}
