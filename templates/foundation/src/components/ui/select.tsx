import { ChevronDown } from "lucide-react"
import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"
import { control } from "./control"

/** The browser's own select: the best one on a phone. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return (
    <span className="relative block">
      <select className={cn(control, "h-11 appearance-none truncate pr-10 pl-3.5", className)} {...props} />
      <ChevronDown aria-hidden className="pointer-events-none absolute top-1/2 right-3.5 size-4 -translate-y-1/2 text-muted-foreground" />
    </span>
  )
}
