import { useEffect, useState } from "react"
import { mayRead } from "@/lib/access"
import { db } from "@/lib/database"
import { rowsPerPage } from "@/lib/database/pages"
import type { ReferenceOption, References } from "@/lib/references"
import type { Field, Resource } from "@/lib/resource"
import { useAuth } from "./useAuth"

/** Pages of options that are loaded: the first 5,000 by label. */
const mostPages = 5

/** Loads what the reference fields of a resource can point to, one question a table, and keeps it up to date. */
export function useReferences(resource: Resource, resources: Resource[] | undefined): References {
  const { user, loading } = useAuth()
  const [references, setReferences] = useState<References>({})
  const userId = user?.id ?? null

  useEffect(() => {
    if (loading) return
    let current = true
    const fields = resource.fields.filter((field) => field.kind === "reference")
    const stops = fields.map((field) => {
      const table = field.to ?? field.name
      const target = resources?.find((other) => other.table === table)
      async function load() {
        const options = mayRead(target?.access, user) ? await optionsOf(table, field.toField ?? target?.titleField ?? "name") : []
        if (current && options) setReferences((known) => ({ ...known, [field.name]: options }))
      }
      void load()
      return db.subscribe(table, () => void load())
    })
    return () => {
      current = false
      for (const stop of stops) stop()
    }
    // Resources are constants of the app; a new array with the same ones in it changes nothing. Of the user, who it is.
  }, [resource, userId, loading])

  return references
}

/** Null when they could not be read: what is known already stays. */
async function optionsOf(table: string, column: string): Promise<ReferenceOption[] | null> {
  const options: ReferenceOption[] = []
  for (let page = 0; page < mostPages; page += 1) {
    const from = page * rowsPerPage
    const { data, error } = await db.fromName(table).select(`id,${column}`).order(column).order("id").range(from, from + rowsPerPage - 1)
    if (error) return null
    options.push(...rowsOf(data).map((row) => ({ id: String(row.id), label: String(row[column] ?? "Untitled") })))
    if (data.length < rowsPerPage) break
  }
  return options
}

/** The columns are chosen at run time, of which the types know nothing. */
function rowsOf(data: unknown[]): Record<string, unknown>[] {
  return data as Record<string, unknown>[]
}
