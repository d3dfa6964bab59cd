import { LinkIcon } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { Link, useLocation, useNavigate } from "react-router"
import { Message } from "@/components/Message"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

/** Where the links of account mails lead. */
export function AuthCallback() {
  usePageTitle("Signing in")
  const { followLink } = useAuth()
  const navigate = useNavigate()
  const { search, hash } = useLocation()
  const [problem, setProblem] = useState<string | null>(null)
  const followed = useRef<string | null>(null)

  useEffect(() => {
    // What a link holds works once, and effects may run twice.
    if (followed.current === search + hash) return
    followed.current = search + hash
    setProblem(null)
    void followLink(new URL(search + hash, location.href)).then(({ data, error }) => (error ? setProblem(error.message) : navigate(data, { replace: true })))
  }, [search, hash, followLink, navigate])

  if (!problem) return <PageSkeleton />
  return (
    <Message
      icon={LinkIcon}
      heading="h1"
      title="This link does not work"
      actions={
        <>
          <Button asChild>
            <Link to="/login">Sign in</Link>
          </Button>
          <Button asChild variant="outline">
            <Link to="/forgot-password">Get a new link</Link>
          </Button>
        </>
      }
    >
      {problem}
    </Message>
  )
}
