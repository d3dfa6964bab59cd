import { useEffect, useState } from "react"
import { db } from "@/lib/database"
import type { ReferenceOption, References } from "@/lib/references"
import type { Field, Resource } from "@/lib/resource"

/** Loads what the reference fields of a resource can point to, and keeps it up to date. */
export function useReferences(resource: Resource, resources: Resource[] | undefined): References {
  const [references, setReferences] = useState<References>({})

  useEffect(() => {
    let current = true
    const stops = resource.fields.filter((field) => field.kind === "reference").map((field) => {
      const table = field.to ?? field.name
      async function load() {
        const options = await optionsOf(table, labelColumn(field, resources))
        if (current) setReferences((known) => ({ ...known, [field.name]: options }))
      }
      void load()
      return db.subscribe(table, () => void load())
    })
    return () => {
      current = false
      for (const stop of stops) stop()
    }
    // Resources are constants of the app; a new array with the same ones in it changes nothing.
  }, [resource])

  return references
}

async function optionsOf(table: string, column: string): Promise<ReferenceOption[]> {
  const { data } = await db.from(table).select(`id,${column}`).order(column)
  return (data ?? []).map((row) => ({ id: row.id, label: String(row[column] ?? "Untitled") }))
}

function labelColumn(field: Field, resources: Resource[] | undefined): string {
  return field.toField ?? resources?.find((resource) => resource.table === field.to)?.titleField ?? "name"
}
