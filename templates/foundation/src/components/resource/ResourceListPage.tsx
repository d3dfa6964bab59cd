import { CircleAlert } from "lucide-react"
import { Message } from "@/components/Message"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Badge } from "@/components/ui/badge"
import { Button } from "@/components/ui/button"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecords } from "@/hooks/useRecords"
import { audience } from "@/lib/access"
import { errorText } from "@/lib/database"
import type { Resource } from "@/lib/resource"
import { capitalised } from "@/lib/words"
import { AddButton } from "./AddButton"
import { EmptyList } from "./EmptyList"
import { ReadersOnly } from "./ReadersOnly"
import { RecordList } from "./RecordList"

interface ResourceListPageProps {
  resource: Resource
  references?: Resource[]
}

/** The records of a resource: found, sorted, opened and deleted. Whoever may not read them signs in first. */
export function ResourceListPage(props: ResourceListPageProps) {
  return (
    <ReadersOnly resource={props.resource}>
      <ListPage {...props} />
    </ReadersOnly>
  )
}

function ListPage({ resource, references }: ResourceListPageProps) {
  const { plural, access } = resource
  const list = useRecords(resource)
  const { records, total, loading, error } = list
  usePageTitle(capitalised(plural))

  if (loading) return <PageSkeleton />
  if (error && records.length === 0) {
    return (
      <Message icon={CircleAlert} heading="h1" title={`The ${plural} could not be read`} actions={<Button onClick={() => void list.reload()}>Try again</Button>}>
        {errorText(error)}
      </Message>
    )
  }

  return (
    <>
      <PageHeading
        title={capitalised(plural)}
        aside={total > 0 && <Badge>{total.toLocaleString()}</Badge>}
        description={audience(access) ?? undefined}
        actions={<AddButton resource={resource} />}
      />
      {error && (
        <p role="alert" className="mb-4 text-sm text-destructive">
          This list may be out of date. {errorText(error)}
        </p>
      )}
      {records.length === 0 ? <EmptyList resource={resource} /> : <RecordList resource={resource} references={references} list={list} />}
    </>
  )
}
