import { ArrowLeft, CircleAlert, Lock, SearchX } from "lucide-react"
import { Link, useParams } from "react-router"
import { ProtectedRoute } from "@/auth/ProtectedRoute"
import { Message } from "@/components/Message"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecord } from "@/hooks/useRecord"
import { audience, mayChange } from "@/lib/access"
import { errorText } from "@/lib/database"
import type { Resource } from "@/lib/resource"
import { ResourceForm } from "./ResourceForm"

interface ResourceFormPageProps {
  resource: Resource
  references?: Resource[]
}

/** Makes a new record, or changes the one whose id is in the address. Whoever is not signed in does so first. */
export function ResourceFormPage(props: ResourceFormPageProps) {
  return (
    <ProtectedRoute>
      <FormPage {...props} />
    </ProtectedRoute>
  )
}

function FormPage({ resource, references }: ResourceFormPageProps) {
  const { id } = useParams()
  const { user } = useAuth()
  const { record, loading, error } = useRecord(resource, id)
  const { singular, plural, path, access } = resource
  const title = `${id === undefined ? "New" : "Edit"} ${singular}`
  usePageTitle(title)

  if (loading) return <PageSkeleton />
  const refusal = refusalOf()
  if (refusal) {
    return (
      <Message
        icon={refusal.icon}
        heading="h1"
        title={refusal.title}
        actions={
          <Button asChild>
            <Link to={`/${path}`}>All {plural}</Link>
          </Button>
        }
      >
        {refusal.text}
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
      <PageHeading title={title} description={audience(access) ?? undefined} />
      <ResourceForm key={id ?? "new"} resource={resource} references={references} record={record} />
    </div>
  )

  function refusalOf() {
    if (id === undefined) return null
    if (error && !record) return { icon: CircleAlert, title: `The ${singular} could not be read`, text: errorText(error) }
    if (!record) return { icon: SearchX, title: `No such ${singular}`, text: "It was deleted, or it is not yours." }
    if (!mayChange(record, user)) return { icon: Lock, title: `This ${singular} is not yours`, text: "Only whoever added it can change it." }
    return null
  }
}
