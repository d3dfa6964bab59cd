import type { ReactNode } from "react"
import { BrandMark } from "@/components/layout/Brand"
import { Card } from "@/components/ui/card"

/** The frame of the account pages. */
export function AuthCard({ title, description, children, footer }: { title: string; description: string; children?: ReactNode; footer?: ReactNode }) {
  return (
    <div className="mx-auto max-w-md animate-rise pt-2 sm:pt-8">
      <Card className="p-6 shadow-xl shadow-primary/5 sm:p-8">
        <BrandMark className="mb-5 size-11 rounded-xl text-xl" />
        <h1 className="text-2xl font-semibold">{title}</h1>
        <p className="mt-1.5 mb-6 text-sm break-words text-muted-foreground last:mb-0">{description}</p>
        {children}
      </Card>
      {footer && <p className="mt-5 text-center text-sm text-muted-foreground">{footer}</p>}
    </div>
  )
}
