import { CircleAlert } from "lucide-react"
import type { ReactNode } from "react"
import { Label } from "./ui/label"

/** What a control needs to belong to its label, hint and error. */
export interface ControlProps {
  id: string
  "aria-invalid": boolean
  "aria-required": boolean
  "aria-describedby": string | undefined
}

interface FormFieldProps {
  id: string
  label: string
  required?: boolean
  hint?: ReactNode
  error?: string
  children: (control: ControlProps) => ReactNode
}

/** A label above its control, and below it what is wrong, else the hint. */
export function FormField({ id, label, required = false, hint, error, children }: FormFieldProps) {
  return (
    <div className="grid gap-2">
      <div className="flex gap-1">
        <Label htmlFor={id}>{label}</Label>
        {required && <RequiredMark />}
      </div>
      {children(controlProps(id, required, error, hint))}
      <FieldNote id={id} error={error} hint={hint} />
    </div>
  )
}

export function RequiredMark() {
  return (
    <span aria-hidden className="text-sm text-destructive">
      *
    </span>
  )
}

export function FieldNote({ id, error, hint }: { id: string; error?: string; hint?: ReactNode }) {
  if (error) {
    return (
      <p id={`${id}-note`} className="flex items-center gap-1.5 text-sm text-destructive">
        <CircleAlert aria-hidden className="size-4 shrink-0" />
        {error}
      </p>
    )
  }
  return hint ? (
    <p id={`${id}-note`} className="text-sm text-muted-foreground">
      {hint}
    </p>
  ) : null
}

export function controlProps(id: string, required: boolean, error: string | undefined, hint: ReactNode): ControlProps {
  return {
    id,
    "aria-invalid": Boolean(error),
    "aria-required": required,
    "aria-describedby": error || hint ? `${id}-note` : undefined,
  }
}
