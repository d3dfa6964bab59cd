import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { type Columns, type DatabaseError, db, type InsertOf, type QueryResult, type Row, type RowOf, type TableName, type UpdateOf } from "@/lib/database"
import { type Loaded, readPages } from "@/lib/database/pages"
import { draftOf, type PendingChange, withPending } from "@/lib/pending-changes"
import { type Source, useReader } from "./useReader"

export interface Records<R, Insert, Update> {
  /** The newest first. At first at most 1,000 of them. */
  records: R[]
  /** How many there are in all. */
  total: number
  /** True until there is an answer. */
  loading: boolean
  error: DatabaseError | null
  /** Whether there are older ones, which `loadMore` adds. */
  hasMore: boolean
  loadMore: () => Promise<void>
  reload: () => Promise<void>
  create: (columns: Insert) => Promise<QueryResult<R>>
  update: (id: string, columns: Update) => Promise<QueryResult<R>>
  remove: (id: string) => Promise<QueryResult<null>>
}

interface State {
  /** Which table, for whom. */
  of: string
  loaded: Loaded | null
  error: DatabaseError | null
}

const nothing: State = { of: "", loaded: null, error: null }

/**
 * The records of a table, kept up to date with changes from anywhere in the app or another tab. What `create`, `update` and `remove` do is
 * shown at once, and taken back when the database refuses it; they answer with its error.
 */
export function useRecords<T extends TableName>(table: T): Records<RowOf<T>, InsertOf<T>, UpdateOf<T>>
export function useRecords(source: Source): Records<Row, Columns, Columns>
export function useRecords(source: Source): Records<Row, Columns, Columns> {
  const { table = "", userId, waiting, enabled } = useReader(source)
  const question = `${table}/${userId}`
  const [state, setState] = useState<State>(nothing)
  const [pending, setPending] = useState<PendingChange[]>([])
  const pages = useRef(1)
  const latest = useRef(0)

  const reload = useCallback(async () => {
    const turn = (latest.current += 1)
    const answer = await readPages(table, pages.current)
    // A later question has a newer answer.
    if (turn !== latest.current) return
    setState((known) => ({ of: question, loaded: answer.data ?? (known.of === question ? known.loaded : null), error: answer.error }))
  }, [table, question])

  useEffect(() => {
    pages.current = 1
    if (!enabled) return
    void reload()
    const stop = db.subscribe(table, () => void reload())
    return () => {
      latest.current += 1
      stop()
    }
  }, [table, enabled, reload])

  const loadMore = useCallback(async () => {
    pages.current += 1
    await reload()
  }, [reload])

  const changes = useMemo(() => {
    async function attempt<T>(change: PendingChange, work: () => Promise<QueryResult<T>>, confirm: (data: T, known: Loaded) => Loaded) {
      setPending((others) => [...others, change])
      const answer = await work()
      setPending((others) => others.filter((other) => other !== change))
      if (!answer.error) setState((known) => (known.of === question && known.loaded ? { ...known, loaded: confirm(answer.data, known.loaded) } : known))
      return answer
    }
    return {
      create: (columns: Columns) =>
        attempt<Row>(
          { kind: "create", record: draftOf(columns, userId) },
          async () => {
            const answer = await db.fromName(table).insert(columns).select().single()
            return answer
          },
          (row, { records, total }) => {
            const others = records.filter(({ id }) => id !== row.id)
            return { records: [row, ...others], total: total + 1 - (records.length - others.length) }
          },
        ),
      update: (id: string, columns: Columns) =>
        attempt<Row>(
          { kind: "update", id, columns },
          async () => {
            const answer = await db.fromName(table).update(columns).eq("id", id).select().single()
            return answer
          },
          (row, { records, total }) => ({ records: records.map((record) => (record.id === id ? row : record)), total }),
        ),
      remove: (id: string) =>
        attempt<null>(
          { kind: "remove", id },
          async () => {
            // A row that is not theirs to delete is none to the database: asking for it tells.
            const answer = await db.fromName(table).delete().eq("id", id).select("id").single()
            return answer.error ? { data: null, error: answer.error } : { data: null, error: null }
          },
          (_, { records, total }) => {
            const others = records.filter((record) => record.id !== id)
            return { records: others, total: total - (records.length - others.length) }
          },
        ),
    }
  }, [table, userId, question])

  // What was loaded for another table or user is not shown for this one.
  const { loaded, error } = state.of === question ? state : nothing
  const records = useMemo(() => withPending(loaded?.records ?? [], pending), [loaded, pending])
  const total = loaded ? loaded.total + records.length - loaded.records.length : 0
  const hasMore = loaded !== null && loaded.total > loaded.records.length
  return { records, total, loading: waiting || (enabled && !loaded && !error), error, hasMore, loadMore, reload, ...changes }
}
