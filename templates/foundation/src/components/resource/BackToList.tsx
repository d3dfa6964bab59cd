import { ArrowLeft } from "lucide-react"
import { Link } from "react-router"
import type { Resource } from "@/lib/resource"

export function BackToList({ resource: { path, plural } }: { resource: Resource }) {
  return (
    <Link
      to={`/${path}`}
      className="mb-4 -ml-1 inline-flex min-h-9 items-center gap-1.5 rounded-lg px-1 text-sm text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
    >
      <ArrowLeft aria-hidden className="size-4" />
      All {plural}
    </Link>
  )
}
