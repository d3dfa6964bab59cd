import { useEffect, useState } from "react"
import { type DatabaseError, db, type Row } from "@/lib/database"
import { type Source, useReader } from "./useReader"

interface Related {
  /** The newest, at most 50; null until there is an answer, or for who may not read them. */
  records: Row[] | null
  total: number
  error: DatabaseError | null
}

const nothing: Related = { records: null, total: 0, error: null }

/** The records of a table that refer to one by this column, kept up to date. */
export function useRelated(source: Source, column: string, id: string): Related {
  const { table = "", userId, enabled } = useReader(source)
  const [related, setRelated] = useState(nothing)

  useEffect(() => {
    setRelated(nothing)
    if (!enabled) return
    let latest = 0
    async function load() {
      const turn = (latest += 1)
      const query = db.fromName(table).select("*", { count: "exact" }).eq(column, id).order("created_at", { ascending: false }).order("id")
      const { data, error, count } = await query.limit(50)
      if (turn === latest) setRelated((known) => (error ? { ...known, error } : { records: data, total: count ?? data.length, error: null }))
    }
    void load()
    const stop = db.subscribe(table, () => void load())
    return () => {
      latest = Number.NaN
      stop()
    }
  }, [table, column, id, userId, enabled])

  return related
}
