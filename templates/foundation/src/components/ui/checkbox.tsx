import { Check } from "lucide-react"
import type { ComponentProps } from "react"
import { cn } from "@/lib/cn"

export function Checkbox({ className, ...props }: Omit<ComponentProps<"input">, "type">) {
  return (
    <span className="relative grid size-5 shrink-0 place-items-center">
      <input
        type="checkbox"
        className={cn(
          "peer size-5 appearance-none rounded-md border border-input bg-surface transition-colors outline-none checked:border-primary checked:bg-primary focus-visible:ring-3 focus-visible:ring-primary/25 aria-invalid:border-destructive",
          className,
        )}
        {...props}
      />
      <Check aria-hidden className="pointer-events-none absolute size-3.5 stroke-3 text-primary-foreground opacity-0 peer-checked:opacity-100" />
    </span>
  )
}
