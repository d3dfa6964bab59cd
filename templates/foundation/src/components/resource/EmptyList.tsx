import { Inbox, Lock } from "lucide-react"
import { Link } from "react-router"
import { Message } from "@/components/Message"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import type { Resource } from "@/lib/resource"
import { ExamplesButton } from "./ExamplesButton"

export function EmptyList({ resource }: { resource: Resource }) {
  const { user } = useAuth()
  const { singular, plural, path, access } = resource
  if (access === "server") {
    return (
      <Message icon={Lock} title={`The ${plural} are not shown here`}>
        Only the app's own server reads them.
      </Message>
    )
  }
  return (
    <Message
      icon={Inbox}
      title={`No ${plural} yet`}
      actions={
        user && (
          <>
            <Button asChild size="lg" variant="outline">
              <Link to={`/${path}/new`}>Add the first {singular}</Link>
            </Button>
            <ExamplesButton resource={resource} />
          </>
        )
      }
    >
      Everything {user ? "you add" : "that is added"} is listed here, ready to search and sort.
    </Message>
  )
}
