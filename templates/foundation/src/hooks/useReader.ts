import { mayRead } from "@/lib/access"
import type { TableName } from "@/lib/database"
import type { Resource } from "@/lib/resource"
import { useAuth } from "./useAuth"

/** A table by its name, or what the app knows of it. */
export type Source = TableName | Pick<Resource, "table" | "access">

/** Whose rows are to be read, and whether there is any use in asking. */
export function useReader(source: Source | undefined) {
  const { user, loading } = useAuth()
  const table = typeof source === "object" ? source.table : source
  const isOpen = typeof source === "object" ? mayRead(source.access, user) : true
  return { table, userId: user?.id ?? null, waiting: loading, enabled: !loading && isOpen && table !== undefined }
}
