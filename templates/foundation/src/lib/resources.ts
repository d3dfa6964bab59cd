/** All resources of the app, by what `src/resources` exports. */
import type { Field, Resource } from "./resource"

const modules = import.meta.glob<Record<string, unknown>>("../resources/*.ts", { eager: true })
const resources = [...new Set(Object.values(modules).flatMap((module) => Object.values(module).filter(isResource)))]

/** The resources whose records refer to those of this one, each with the field that does. */
export function referrersOf({ table }: Resource): [Resource, Field][] {
  return resources.flatMap((other) => other.fields.filter((field) => field.kind === "reference" && field.to === table).map((field): [Resource, Field] => [other, field]))
}

function isResource(value: unknown): value is Resource {
  return typeof value === "object" && value !== null && "table" in value && "path" in value && "fields" in value && Array.isArray(value.fields)
}
