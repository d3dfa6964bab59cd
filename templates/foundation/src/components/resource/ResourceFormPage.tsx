import { Lock } from "lucide-react"
import { useParams } from "react-router"
import { ProtectedRoute } from "@/auth/ProtectedRoute"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecord } from "@/hooks/useRecord"
import { audience, mayChange } from "@/lib/access"
import type { Resource } from "@/lib/resource"
import { BackToList } from "./BackToList"
import { missing, RecordProblem } from "./RecordProblem"
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
  const { singular, access } = resource
  const title = `${id === undefined ? "New" : "Edit"} ${singular}`
  usePageTitle(title)

  if (loading) return <PageSkeleton />
  const problem = id === undefined ? null : (missing(resource, record, error) ?? refusal())
  if (problem) return <RecordProblem resource={resource} problem={problem} />

  return (
    <div className="mx-auto max-w-2xl">
      <BackToList resource={resource} />
      <PageHeading title={title} description={audience(access) ?? undefined} />
      <ResourceForm key={id ?? "new"} resource={resource} references={references} record={record} />
    </div>
  )

  function refusal() {
    if (!record || mayChange(record, user)) return null
    return { icon: Lock, title: `This ${singular} is not yours`, text: "Only whoever added it can change it." }
  }
}
