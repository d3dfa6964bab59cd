import { ArrowLeft, CircleAlert, SearchX } from "lucide-react"
import { Link, useParams } from "react-router"
import { Message } from "@/components/Message"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Button } from "@/components/ui/button"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecord } from "@/hooks/useRecord"
import type { Resource } from "@/lib/resource"
import { ResourceForm } from "./ResourceForm"

/** Makes a new record, or changes the one whose id is in the address. */
export function ResourceFormPage({ resource, references }: { resource: Resource; references?: Resource[] }) {
  const { id } = useParams()
  const { record, loading, error } = useRecord(resource.table, id)
  const { singular, plural, path } = resource
  const title = `${id === undefined ? "New" : "Edit"} ${singular}`
  usePageTitle(title)

  if (loading) return <PageSkeleton />
  if (error || (id !== undefined && !record)) {
    return (
      <Message
        icon={error ? CircleAlert : SearchX}
        heading="h1"
        title={error ? `The ${singular} could not be read` : `No such ${singular}`}
        actions={
          <Button asChild>
            <Link to={`/${path}`}>All {plural}</Link>
          </Button>
        }
      >
        {error?.message ?? "It was deleted, or it lives in another browser."}
      </Message>
    )
  }

  return (
    <div className="mx-auto max-w-2xl">
      <Link
        to={`/${path}`}
        className="mb-4 -ml-1 inline-flex min-h-9 items-center gap-1.5 rounded-lg px-1 text-sm text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
      >
        <ArrowLeft aria-hidden className="size-4" />
        All {plural}
      </Link>
      <PageHeading title={title} />
      <ResourceForm key={id ?? "new"} resource={resource} references={references} record={record} />
    </div>
  )
}
