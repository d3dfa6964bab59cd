import type { LucideIcon } from "lucide-react"
import type { ReactNode } from "react"

interface MessageProps {
  icon: LucideIcon
  title: string
  heading?: "h1" | "h2"
  children: ReactNode
  /** Buttons or links. */
  actions?: ReactNode
}

/** A whole area that has something to say instead of something to show. */
export function Message({ icon: Icon, title, heading: Heading = "h2", children, actions }: MessageProps) {
  return (
    <div className="mx-auto flex max-w-lg animate-rise flex-col items-center gap-3 px-4 py-14 text-center sm:py-20">
      <span aria-hidden className="mb-2 grid size-14 place-items-center rounded-2xl bg-accent text-accent-foreground">
        <Icon className="size-6" />
      </span>
      <Heading className="text-2xl font-semibold">{title}</Heading>
      <div className="text-pretty break-words text-muted-foreground">{children}</div>
      {actions && <div className="mt-3 flex flex-wrap justify-center gap-3">{actions}</div>}
    </div>
  )
}
