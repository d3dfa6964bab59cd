import { TriangleAlert } from "lucide-react"
import { identity } from "@/app/identity"
import { isDevelopment } from "@/lib/config"
import { Message } from "./Message"
import { Button } from "./ui/button"

/** What someone sees when a page fails. The error's own text helps whoever is building the app, and only them. */
export function ErrorMessage({ error }: { error: unknown }) {
  return (
    <div role="alert">
      <Message
        icon={TriangleAlert}
        heading="h1"
        title="This page ran into a problem"
        actions={
          <>
            <Button onClick={() => window.location.reload()}>Reload</Button>
            <Button asChild variant="outline">
              <a href="/">Back to {identity.name}</a>
            </Button>
          </>
        }
      >
        <p>Nothing you saved is lost. Reloading often helps.</p>
        {isDevelopment && (
          <pre className="mt-5 max-h-60 overflow-auto rounded-xl border bg-muted p-4 text-left font-mono text-xs whitespace-pre-wrap">{textOf(error)}</pre>
        )}
      </Message>
    </div>
  )
}

function textOf(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`
  return typeof error === "string" ? error : JSON.stringify(error)
}
