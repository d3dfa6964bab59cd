import { CircleAlert, Lock, type LucideIcon, SearchX } from "lucide-react"
import { Link } from "react-router"
import { Message } from "@/components/Message"
import { Button } from "@/components/ui/button"
import { type DatabaseError, errorText, type Row } from "@/lib/database"
import type { Resource } from "@/lib/resource"

interface Problem {
  icon: LucideIcon
  title: string
  text: string
}

/** What stands in a record's place when it cannot be shown, with the way back to the others. */
export function RecordProblem({ resource: { path, plural }, problem: { icon, title, text } }: { resource: Resource; problem: Problem }) {
  return (
    <Message
      icon={icon}
      heading="h1"
      title={title}
      actions={
        <Button asChild>
          <Link to={`/${path}`}>All {plural}</Link>
        </Button>
      }
    >
      {text}
    </Message>
  )
}

/** Why there is nothing to show; null where there is a record. */
export function missing({ access, singular, plural }: Resource, record: Row | null, error: DatabaseError | null): Problem | null {
  if (record) return null
  if (access === "server") return { icon: Lock, title: `The ${plural} are not shown here`, text: "Only the app's own server reads them." }
  if (error) return { icon: CircleAlert, title: `The ${singular} could not be read`, text: errorText(error) }
  return { icon: SearchX, title: `No such ${singular}`, text: "It was deleted, or it is not yours." }
}
