import { useEffect, useState } from "react"
import { type DatabaseError, db, type Row } from "@/lib/database"

interface Answer<R> {
  id: string
  record: R | null
  error: DatabaseError | null
}

/** One record; null when there is none with this id. Without an id there is nothing to load. */
export function useRecord<R extends Row = Row>(table: string, id: string | undefined) {
  const [answer, setAnswer] = useState<Answer<R> | null>(null)

  useEffect(() => {
    if (id === undefined) return
    let current = true
    void (async () => {
      const { data, error } = await db.from<R>(table).select().eq("id", id).maybeSingle()
      if (current) setAnswer({ id, record: data, error })
    })()
    return () => {
      current = false
    }
  }, [table, id])

  const arrived = answer?.id === id ? answer : null
  return { record: arrived?.record ?? null, error: arrived?.error ?? null, loading: id !== undefined && arrived === null }
}
