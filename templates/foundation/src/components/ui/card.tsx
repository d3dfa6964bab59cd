import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"

export function Card({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("min-w-0 rounded-2xl border bg-surface shadow-xs", className)} {...props} />
}
