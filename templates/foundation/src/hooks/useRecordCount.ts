import { useEffect, useState } from "react"
import { db } from "@/lib/database"

/** How many records a table has; null while it is not known. */
export function useRecordCount(table: string | undefined): number | null {
  const [count, setCount] = useState<number | null>(null)

  useEffect(() => {
    if (table === undefined) return
    let current = true
    async function load(name: string) {
      const result = await db.from(name).select("id", { count: "exact", head: true })
      if (current) setCount(result.count)
    }
    void load(table)
    const stop = db.subscribe(table, () => void load(table))
    return () => {
      current = false
      stop()
    }
  }, [table])

  return count
}
