import { AlertDialog as Primitive } from "radix-ui"
import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"
import { overlay } from "./overlay"

export const AlertDialog = Primitive.Root
export const AlertDialogCancel = Primitive.Cancel
export const AlertDialogAction = Primitive.Action

export function AlertDialogContent({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlay} />
      <Primitive.Content
        className={cn(
          "fixed inset-x-4 bottom-4 z-50 mx-auto grid max-w-md animate-pop-in gap-2 rounded-2xl border bg-surface p-6 shadow-2xl outline-none sm:top-1/2 sm:bottom-auto sm:-translate-y-1/2",
          className,
        )}
        {...props}
      />
    </Primitive.Portal>
  )
}

export function AlertDialogTitle({ className, ...props }: ComponentProps<typeof Primitive.Title>) {
  return <Primitive.Title className={cn("text-lg font-semibold break-words", className)} {...props} />
}

export function AlertDialogDescription({ className, ...props }: ComponentProps<typeof Primitive.Description>) {
  return <Primitive.Description className={cn("text-sm text-muted-foreground", className)} {...props} />
}
