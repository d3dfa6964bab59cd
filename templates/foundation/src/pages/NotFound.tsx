import { Compass } from "lucide-react"
import { Link } from "react-router"
import { Message } from "@/components/Message"
import { Button } from "@/components/ui/button"
import { usePageTitle } from "@/hooks/usePageTitle"

export function NotFound() {
  usePageTitle("Page not found")
  return (
    <Message
      icon={Compass}
      heading="h1"
      title="There is no page here"
      actions={
        <Button asChild>
          <Link to="/">Go to the start page</Link>
        </Button>
      }
    >
      The address may be mistyped, or the page has moved.
    </Message>
  )
}
