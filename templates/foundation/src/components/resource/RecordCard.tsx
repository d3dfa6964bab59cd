import { Pencil, Trash2 } from "lucide-react"
import { Link, useLocation } from "react-router"
import { TextLink } from "@/components/TextLink"
import { Button } from "@/components/ui/button"
import { Card } from "@/components/ui/card"
import type { References } from "@/lib/references"
import type { Row, Value } from "@/lib/database"
import { titleOf } from "@/lib/record-text"
import { detailFields, isWide, type Resource } from "@/lib/resource"
import { FieldValue } from "./FieldValue"

interface RecordCardProps {
  resource: Resource
  record: Row
  references: References
  /** Without it, the record is not theirs to change. */
  onDelete?: () => void
}

export function RecordCard({ resource, record, references, onDelete }: RecordCardProps) {
  const title = titleOf(resource, record, references)
  const titleId = `record-${record.id}`
  const page = `/${resource.path}/${record.id}`
  const { pathname } = useLocation()
  return (
    <Card className="transition-shadow focus-within:shadow-lg hover:shadow-lg hover:shadow-primary/5">
      <article aria-labelledby={titleId} className="flex h-full flex-col p-5">
        <div className="flex items-start gap-2">
          <h2 id={titleId} className="min-w-0 flex-1 pt-1.5 text-lg leading-snug font-semibold break-words">
            <TextLink to={page} className="font-semibold text-inherit">
              {title}
            </TextLink>
          </h2>
          {onDelete && (
            <div className="-mt-1 -mr-2 flex">
              <Button asChild variant="ghost" size="icon" className="text-muted-foreground hover:text-foreground">
                <Link to={`${page}/edit`} state={{ from: pathname }} aria-label={`Edit ${title}`}>
                  <Pencil />
                </Link>
              </Button>
              <Button variant="ghost" size="icon" aria-label={`Delete ${title}`} onClick={onDelete} className="text-muted-foreground hover:text-destructive">
                <Trash2 />
              </Button>
            </div>
          )}
        </div>
        <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-3.5 text-sm">
          {/* Wide ones that are empty take no line. */}
          {detailFields(resource).filter((field) => !isWide(field) || isFilled(record[field.name])).map((field) => (
            <div key={field.name} className={isWide(field) ? "col-span-2 min-w-0" : "min-w-0"}>
              <dt className="mb-1 text-xs text-muted-foreground">{field.label}</dt>
              <dd>
                <FieldValue field={field} record={record} references={references} />
              </dd>
            </div>
          ))}
        </dl>
      </article>
    </Card>
  )
}

function isFilled(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== ""
}
