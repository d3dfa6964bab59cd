import { Pencil, Trash2 } from "lucide-react"
import { useState } from "react"
import { Link, useNavigate, useParams } from "react-router"
import { toast } from "sonner"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Button } from "@/components/ui/button"
import { Card } from "@/components/ui/card"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecord } from "@/hooks/useRecord"
import { useReferences } from "@/hooks/useReferences"
import { mayChange } from "@/lib/access"
import { db, errorText, type Row } from "@/lib/database"
import { dayOf, titleOf } from "@/lib/record-text"
import { detailFields, isWide, type Resource } from "@/lib/resource"
import { referrersOf } from "@/lib/resources"
import { capitalised } from "@/lib/words"
import { BackToList } from "./BackToList"
import { DeleteDialog } from "./DeleteDialog"
import { FieldValue } from "./FieldValue"
import { ReadersOnly } from "./ReadersOnly"
import { missing, RecordProblem } from "./RecordProblem"
import { RelatedRecords } from "./RelatedRecords"

interface ResourceDetailPageProps {
  resource: Resource
  references?: Resource[]
}

/** The record whose id is in the address, with what refers to it. Whoever may not read such records signs in first. */
export function ResourceDetailPage(props: ResourceDetailPageProps) {
  const { id } = useParams()
  return (
    <ReadersOnly resource={props.resource}>
      <DetailPage key={id} {...props} />
    </ReadersOnly>
  )
}

function DetailPage({ resource, references: resources }: ResourceDetailPageProps) {
  const { id } = useParams()
  const { record, loading, error } = useRecord(resource, id)
  const references = useReferences(resource, resources)
  const problem = loading ? null : missing(resource, record, error)
  const title = record ? titleOf(resource, record, references) : (problem?.title ?? capitalised(resource.singular))
  usePageTitle(title)

  if (problem) return <RecordProblem resource={resource} problem={problem} />
  if (!record) return <PageSkeleton />
  return (
    <div className="mx-auto max-w-3xl">
      <BackToList resource={resource} />
      <PageHeading title={title} actions={<RecordActions resource={resource} record={record} title={title} />} />
      {error && (
        <p role="alert" className="mb-4 text-sm text-destructive">
          This may be out of date. {errorText(error)}
        </p>
      )}
      <Card className="p-5 sm:p-8">
        <dl className="grid grid-cols-1 gap-x-8 gap-y-6 sm:grid-cols-2">
          {detailFields(resource).map((field) => (
            <div key={field.name} className={isWide(field) ? "min-w-0 sm:col-span-2" : "min-w-0"}>
              <dt className="mb-1 text-sm text-muted-foreground">{field.label}</dt>
              <dd>
                <FieldValue field={field} record={record} references={references} target={resources?.find(({ table }) => table === field.to)} isWhole />
              </dd>
            </div>
          ))}
          <div className="min-w-0">
            <dt className="mb-1 text-sm text-muted-foreground">Added</dt>
            <dd>
              <time dateTime={record.created_at}>{dayOf(record.created_at)}</time>
            </dd>
          </div>
        </dl>
      </Card>
      {referrersOf(resource).map(([other, field]) => (
        <RelatedRecords key={`${other.table}/${field.name}`} resource={other} field={field} id={record.id} />
      ))}
    </div>
  )
}

/** What its own user may do with a record. */
function RecordActions({ resource, record, title }: { resource: Resource; record: Row; title: string }) {
  const { user } = useAuth()
  const navigate = useNavigate()
  const [isAsking, setAsking] = useState(false)
  if (!mayChange(record, user)) return null

  async function remove() {
    // A row that is not theirs to delete is none to the database: asking for it tells.
    const { error } = await db.fromName(resource.table).delete().eq("id", record.id).select("id").single()
    if (error) {
      toast.error(errorText(error))
      return
    }
    toast.success(`${capitalised(resource.singular)} deleted`)
    await navigate(`/${resource.path}`, { replace: true })
  }

  return (
    <div className="flex gap-2">
      <Button asChild variant="outline">
        <Link to={`/${resource.path}/${record.id}/edit`}>
          <Pencil aria-hidden />
          Edit
        </Link>
      </Button>
      <Button variant="outline" className="hover:text-destructive" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden />
        Delete
      </Button>
      <DeleteDialog title={isAsking ? title : null} onConfirm={() => void remove()} onClose={() => setAsking(false)} />
    </div>
  )
}
