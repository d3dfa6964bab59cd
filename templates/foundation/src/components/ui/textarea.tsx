import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"
import { control } from "./control"

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(control, "field-sizing-content max-h-96 min-h-28 px-3.5 py-2.5 leading-relaxed", className)} {...props} />
}
