import { ChevronRight, Plus } from "lucide-react"
import { useId } from "react"
import { Link, useLocation } from "react-router"
import { Badge } from "@/components/ui/badge"
import { Button } from "@/components/ui/button"
import { Card } from "@/components/ui/card"
import { useAuth } from "@/hooks/useAuth"
import { useRelated } from "@/hooks/useRelated"
import { errorText } from "@/lib/database"
import { titleOf } from "@/lib/record-text"
import type { Field, Resource } from "@/lib/resource"
import { capitalised } from "@/lib/words"

interface RelatedRecordsProps {
  /** The resource that refers. */
  resource: Resource
  field: Field
  /** The record that it refers to. */
  id: string
}

/** The newest records that refer to one, and the way to another. Nothing for who may not read them. */
export function RelatedRecords({ resource, field, id }: RelatedRecordsProps) {
  const { user } = useAuth()
  const { pathname } = useLocation()
  const headingId = useId()
  const { records, total, error } = useRelated(resource, field.name, id)
  const { singular, plural, path } = resource
  const isOnly = resource.fields.filter(({ to }) => to === field.to).length === 1
  if (!records && !error) return null

  return (
    <section aria-labelledby={headingId} className="mt-10">
      <div className="mb-4 flex min-h-10 flex-wrap items-center justify-between gap-3">
        <h2 id={headingId} className="flex items-center gap-3 text-xl font-semibold">
          {capitalised(plural)}{!isOnly && ` (${field.label})`} {total > 0 && <Badge>{total.toLocaleString()}</Badge>}
        </h2>
        {user && (
          <Button asChild variant="outline" size="sm">
            <Link to={`/${path}/new?${new URLSearchParams({ [field.name]: id })}`} state={{ from: pathname }}>
              <Plus aria-hidden />
              New {singular}
            </Link>
          </Button>
        )}
      </div>
      {error && (
        <p role="alert" className="mb-3 text-sm text-destructive">
          {records ? "These may be out of date." : `The ${plural} could not be read.`} {errorText(error)}
        </p>
      )}
      {records?.length ? (
        <Card className="overflow-hidden">
          <ul className="divide-y">
            {records.map((record) => (
              <li key={record.id}>
                <Link
                  to={`/${path}/${record.id}`}
                  className="flex min-h-12 items-center justify-between gap-3 px-5 py-3 outline-none hover:bg-muted focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
                >
                  <span className="min-w-0 break-words">{titleOf(resource, record, {})}</span>
                  <ChevronRight aria-hidden className="size-4 shrink-0 text-muted-foreground" />
                </Link>
              </li>
            ))}
          </ul>
        </Card>
      ) : (
        records && <p className="text-sm text-muted-foreground">No {plural} yet.</p>
      )}
      {records && total > records.length && (
        <p className="mt-3 text-sm text-muted-foreground">
          The newest {records.length} of {total.toLocaleString()} are here.
        </p>
      )}
    </section>
  )
}
