import { LinkIcon } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { Link, useNavigate, useSearchParams } from "react-router"
import { Message } from "@/components/Message"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

/** Where the links of account mails lead. */
export function AuthCallback() {
  usePageTitle("Signing in")
  const { recover } = useAuth()
  const navigate = useNavigate()
  const [parameters] = useSearchParams()
  const token = parameters.get("type") === "recovery" ? parameters.get("token") : null
  const [problem, setProblem] = useState(token ? null : "This link is not complete. Ask for a new one.")
  const spent = useRef<string | null>(null)

  useEffect(() => {
    // A token works once, and effects may run twice.
    if (!token || spent.current === token) return
    spent.current = token
    void recover(token).then(({ error }) => (error ? setProblem(error.message) : navigate("/update-password", { replace: true })))
  }, [token, recover, navigate])

  if (!problem) return <PageSkeleton />
  return (
    <Message
      icon={LinkIcon}
      heading="h1"
      title="This link does not work"
      actions={
        <Button asChild>
          <Link to="/forgot-password">Get a new link</Link>
        </Button>
      }
    >
      {problem}
    </Message>
  )
}
