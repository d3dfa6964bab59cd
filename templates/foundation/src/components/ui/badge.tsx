import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"

export function Badge({ className, ...props }: ComponentProps<"span">) {
  return (
    <span
      className={cn("inline-flex w-fit items-center gap-1 rounded-full bg-accent px-2.5 py-0.5 text-xs font-medium text-accent-foreground", className)}
      {...props}
    />
  )
}
