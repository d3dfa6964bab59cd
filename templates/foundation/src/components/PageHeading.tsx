import type { ReactNode } from "react"

interface PageHeadingProps {
  title: string
  /** Small and beside the title, such as a count. */
  aside?: ReactNode
  description?: string
  actions?: ReactNode
}

export function PageHeading({ title, aside, description, actions }: PageHeadingProps) {
  return (
    <div className="mb-8 flex flex-wrap items-center justify-between gap-4">
      <div className="min-w-0">
        <div className="flex items-center gap-3">
          <h1 className="text-3xl font-semibold break-words sm:text-4xl">{title}</h1>
          {aside}
        </div>
        {description && <p className="mt-2 text-pretty text-muted-foreground">{description}</p>}
      </div>
      {actions}
    </div>
  )
}
