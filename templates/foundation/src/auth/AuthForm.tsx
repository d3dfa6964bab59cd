import { CircleAlert } from "lucide-react"
import { type SubmitEvent, useState } from "react"
import { FormField } from "@/components/FormField"
import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/input"
import { minimumPasswordLength } from "./types"

export type AuthFieldName = "name" | "email" | "password" | "new-password"

interface AuthFormProps {
  fields: AuthFieldName[]
  action: string
  /** Answers with what went wrong, or null. */
  onSubmit: (values: Record<AuthFieldName, string>) => Promise<string | null>
}

const looks: Record<AuthFieldName, { label: string; type: string; autoComplete: string; required: boolean; hint?: string }> = {
  name: { label: "Name", type: "text", autoComplete: "name", required: false },
  email: { label: "E-mail", type: "email", autoComplete: "email", required: true },
  password: { label: "Password", type: "password", autoComplete: "current-password", required: true },
  "new-password": {
    label: "Password",
    type: "password",
    autoComplete: "new-password",
    required: true,
    hint: `At least ${minimumPasswordLength} characters.`,
  },
}

const empty: Record<AuthFieldName, string> = { name: "", email: "", password: "", "new-password": "" }

export function AuthForm({ fields, action, onSubmit }: AuthFormProps) {
  const [values, setValues] = useState(empty)
  const [errors, setErrors] = useState<Partial<Record<AuthFieldName, string>>>({})
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const problems = Object.fromEntries(fields.flatMap((field) => {
      const problem = problemOf(field, values[field])
      return problem ? [[field, problem]] : []
    }))
    setErrors(problems)
    setFailure(null)
    const first = fields.find((field) => problems[field])
    if (first) {
      form.querySelector<HTMLElement>(`[name="${first}"]`)?.focus()
      return
    }
    setBusy(true)
    setFailure(await onSubmit(values))
    setBusy(false)
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="grid gap-5">
      {failure && (
        <p role="alert" className="flex gap-2 rounded-xl border border-destructive/40 bg-destructive/8 p-3 text-sm text-destructive">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          {failure}
        </p>
      )}
      {fields.map((field) => {
        const { label, type, autoComplete, required, hint } = looks[field]
        return (
          <FormField key={field} id={`auth-${field}`} label={label} required={required} hint={hint} error={errors[field]}>
            {(control) => (
              <Input
                {...control}
                name={field}
                type={type}
                autoComplete={autoComplete}
                value={values[field]}
                onChange={(event) => setValues({ ...values, [field]: event.target.value })}
              />
            )}
          </FormField>
        )
      })}
      <Button type="submit" size="lg" disabled={busy}>
        {action}
      </Button>
    </form>
  )
}

function problemOf(field: AuthFieldName, value: string): string | null {
  if (looks[field].required && value.trim() === "") return `${looks[field].label} is required.`
  if (field === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value.trim())) return "Enter an e-mail address like name@example.com."
  if (field === "new-password" && value.length < minimumPasswordLength) return `Use at least ${minimumPasswordLength} characters.`
  return null
}
