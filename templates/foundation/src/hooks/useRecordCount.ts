import { useEffect, useState } from "react"
import { db } from "@/lib/database"
import { type Source, useReader } from "./useReader"

/** How many records of a table there are to be read; null while that is not known, or none of whoever asks. */
export function useRecordCount(source: Source | undefined): number | null {
  const { table, userId, enabled } = useReader(source)
  const [count, setCount] = useState<number | null>(null)

  useEffect(() => {
    setCount(null)
    if (!enabled || table === undefined) return
    let current = true
    async function load(name: string) {
      const answer = await db.fromName(name).select("id", { count: "exact", head: true })
      if (current && !answer.error) setCount(answer.count)
    }
    void load(table)
    const stop = db.subscribe(table, () => void load(table))
    return () => {
      current = false
      stop()
    }
  }, [table, userId, enabled])

  return count
}
