import { X } from "lucide-react"
import { Dialog as Primitive } from "radix-ui"
import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"
import { Button } from "./button"
import { overlay } from "./overlay"

export const Sheet = Primitive.Root
export const SheetTrigger = Primitive.Trigger

/** A dialog along the right edge. */
export function SheetContent({ title, className, children, ...props }: ComponentProps<typeof Primitive.Content> & { title: string }) {
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlay} />
      <Primitive.Content
        aria-describedby={undefined}
        className={cn("fixed inset-y-0 right-0 z-50 flex w-[min(22rem,88vw)] animate-slide-in flex-col gap-4 overflow-y-auto border-l bg-surface p-5 shadow-2xl outline-none", className)}
        {...props}
      >
        <div className="flex items-center justify-between">
          <Primitive.Title className="text-sm font-medium text-muted-foreground">{title}</Primitive.Title>
          <Primitive.Close asChild>
            <Button variant="ghost" size="icon" aria-label="Close menu">
              <X />
            </Button>
          </Primitive.Close>
        </div>
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  )
}
