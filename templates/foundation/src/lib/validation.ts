/** The rules of a field, as sentences for the person filling in the form. */
import type { FormValues } from "./field-value"
import type { Field, Resource } from "./resource"

export type FieldErrors = Record<string, string>

export function validate(resource: Resource, values: FormValues): FieldErrors {
  const errors: FieldErrors = {}
  for (const field of resource.fields) {
    const problem = problemOf(field, values[field.name])
    if (problem) errors[field.name] = problem
  }
  return errors
}

function problemOf(field: Field, value: string | boolean | undefined): string | null {
  if (typeof value === "boolean") return null
  const text = (value ?? "").trim()
  if (text === "") return field.required ? `${field.label} is required.` : null
  switch (field.kind) {
    case "number":
    case "rating":
      return numberProblem(field, Number(text))
    case "email":
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? null : "Enter an e-mail address like name@example.com."
    case "url":
      return isWebAddress(text) ? null : "Enter a full web address like https://example.com."
    case "text":
    case "long_text":
      return lengthProblem(field, text)
    default:
      return null
  }
}

function numberProblem({ min, max, step }: Field, number: number): string | null {
  if (!Number.isFinite(number)) return "Enter a number."
  if (min !== undefined && number < min) return `Enter ${min} or more.`
  if (max !== undefined && number > max) return `Enter ${max} or less.`
  if (step && !isMultiple(number - (min ?? 0), step)) return step === 1 ? "Enter a whole number." : `Enter a multiple of ${step}.`
  return null
}

function isMultiple(number: number, step: number): boolean {
  const times = number / step
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times))
}

function lengthProblem({ min, max }: Field, text: string): string | null {
  if (min !== undefined && text.length < min) return `Enter at least ${min} characters.`
  if (max !== undefined && text.length > max) return `Enter at most ${max} characters; this has ${text.length}.`
  return null
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol)
}
