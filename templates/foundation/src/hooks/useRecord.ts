import { useEffect, useState } from "react"
import { type DatabaseError, db, type Row, type RowOf, type TableName } from "@/lib/database"
import { type Source, useReader } from "./useReader"

interface One<R> {
  record: R | null
  error: DatabaseError | null
  loading: boolean
}

/** One record, kept up to date; null when there is none with this id. Without an id there is nothing to load. */
export function useRecord<T extends TableName>(table: T, id: string | undefined): One<RowOf<T>>
export function useRecord(source: Source, id: string | undefined): One<Row>
export function useRecord(source: Source, id: string | undefined): One<Row> {
  const { table = "", userId, waiting, enabled } = useReader(source)
  const [answer, setAnswer] = useState<{ to: string; record: Row | null; error: DatabaseError | null } | null>(null)
  const question = `${table}/${id}/${userId}`

  useEffect(() => {
    if (!enabled || id === undefined) return
    let current = true
    async function load(wanted: string) {
      const { data, error } = await db.fromName(table).select().eq("id", wanted).maybeSingle()
      if (!current) return
      // What is no id at all is the id of nothing.
      const isNoId = error?.code === "22P02"
      setAnswer({ to: question, record: data, error: isNoId ? null : error })
    }
    void load(id)
    const stop = db.subscribe(table, () => void load(id))
    return () => {
      current = false
      stop()
    }
  }, [table, id, enabled, question])

  const arrived = answer?.to === question ? answer : null
  const isAsked = id !== undefined && (waiting || enabled)
  return { record: arrived?.record ?? null, error: arrived?.error ?? null, loading: isAsked && arrived === null }
}
