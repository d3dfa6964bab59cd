import { useCallback, useEffect, useState } from "react"
import { type DatabaseError, db, type QueryResult, type Row, type Value } from "@/lib/database"

type Columns = { [column: string]: Value | undefined }

interface Loaded<R> {
  records: R[]
  loading: boolean
  error: DatabaseError | null
}

/** All records of a table, newest first, kept up to date with changes from anywhere in the app or another tab. */
export function useRecords<R extends Row = Row>(table: string) {
  const [state, setState] = useState<Loaded<R>>({ records: [], loading: true, error: null })

  useEffect(() => {
    let current = true
    async function load() {
      const { data, error } = await db.from<R>(table).select().order("created_at", { ascending: false })
      if (current) setState({ records: data ?? [], loading: false, error })
    }
    void load()
    const stop = db.subscribe(table, () => void load())
    return () => {
      current = false
      stop()
    }
  }, [table])

  const create = useCallback(async (columns: Columns): Promise<QueryResult<R>> => db.from<R>(table).insert(columns).select().single(), [table])
  const update = useCallback(
    async (id: string, columns: Columns): Promise<QueryResult<R>> => db.from<R>(table).update(columns).eq("id", id).select().single(),
    [table],
  )
  const remove = useCallback(async (id: string): Promise<QueryResult<null>> => db.from<R>(table).delete().eq("id", id), [table])

  return { ...state, create, update, remove }
}
