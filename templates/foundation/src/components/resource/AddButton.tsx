import { LogIn, Plus } from "lucide-react"
import { Link } from "react-router"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import type { Resource } from "@/lib/resource"

/** The way to a new record, for who is not signed in through signing in. Nobody adds to what is the server's. */
export function AddButton({ resource }: { resource: Resource }) {
  const { user } = useAuth()
  const form = `/${resource.path}/new`
  if (resource.access === "server") return null
  return (
    <Button asChild>
      {user ? (
        <Link to={form}>
          <Plus aria-hidden />
          New {resource.singular}
        </Link>
      ) : (
        <Link to="/login" state={{ from: form }}>
          <LogIn aria-hidden />
          Sign in to add
        </Link>
      )}
    </Button>
  )
}
