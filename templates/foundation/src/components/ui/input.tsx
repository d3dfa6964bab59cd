import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"
import { control } from "./control"

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(control, "h-11 px-3.5", className)} {...props} />
}
