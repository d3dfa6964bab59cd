/** Carries out a planned query against the stored table. */
import { newId } from "../new-id"
import { type Condition, inOrder, type Order } from "./conditions"
import { logQuery } from "./log"
import { readTable, writeTable } from "./table-storage"
import { QueryFailure, type QueryResult, type Row, type Value } from "./types"

type Columns = { [column: string]: Value | undefined }

export type Shape = "many" | "single" | "maybe"

export type Action =
  | { kind: "select" | "delete" }
  | { kind: "insert"; drafts: Columns[] }
  | { kind: "update"; changes: Columns }

export interface Plan {
  name: string
  action: Action
  conditions: Condition[]
  orders: Order[]
  from: number
  to?: number
  /** Null: the caller did not ask for rows. */
  columns: string | null
  count: boolean
  head: boolean
  shape: Shape
}

export async function run<T>(plan: Plan): Promise<QueryResult<T>> {
  const started = performance.now()
  const result = attempt<T>(plan)
  logQuery(plan, result, performance.now() - started)
  return result
}

function attempt<T>(plan: Plan): QueryResult<T> {
  try {
    const { rows, next } = outcomeOf(plan)
    const page = rows.toSorted(inOrder(plan.orders)).slice(plan.from, plan.to)
    const data = plan.columns === null || plan.head ? null : shaped(page.map((row) => project(row, plan.columns ?? "*")), plan.shape)
    if (next) writeTable(plan.name, next)
    // The builder's methods fix T together with the shape computed here.
    return { data: data as T, error: null, count: plan.count ? rows.length : null }
  } catch (cause) {
    const { code, message, hint } = cause instanceof QueryFailure ? cause : unforeseen(cause)
    return { data: null, error: { code, message, details: null, hint }, count: null }
  }
}

/** A mistake of the client itself. Whoever waits for the answer gets one all the same. */
function unforeseen(cause: unknown): QueryFailure {
  console.error(cause)
  return new QueryFailure("XX000", "The records could not be read or changed.", String(cause))
}

/** The rows concerned, and the whole table as it should be stored next where the action changes it. */
function outcomeOf({ name, action, conditions }: Plan): { rows: Row[]; next?: Row[] } {
  const table = readTable(name)
  const wanted = (row: Row) => conditions.every((condition) => condition(row))
  switch (action.kind) {
    case "select":
      return { rows: table.filter(wanted) }
    case "insert": {
      const rows = action.drafts.map(newRow)
      return { rows, next: refuseDuplicates([...table, ...rows]) }
    }
    case "update": {
      requireFilter(conditions, "An update")
      const changed = new Map(table.filter(wanted).map((row) => [row, changedRow(row, action.changes)]))
      return { rows: [...changed.values()], next: refuseDuplicates(table.map((row) => changed.get(row) ?? row)) }
    }
    case "delete": {
      requireFilter(conditions, "A delete")
      const rows = table.filter(wanted)
      const gone = new Set(rows)
      return { rows, next: table.filter((row) => !gone.has(row)) }
    }
  }
}

function newRow(draft: Columns): Row {
  const now = new Date().toISOString()
  return { ...draft, id: String(draft.id ?? newId()), created_at: String(draft.created_at ?? now), updated_at: String(draft.updated_at ?? now) }
}

function changedRow(row: Row, changes: Columns): Row {
  return { ...row, ...changes, id: String(changes.id ?? row.id), created_at: row.created_at, updated_at: new Date().toISOString() }
}

function requireFilter(conditions: Condition[], what: string) {
  if (conditions.length === 0) throw new QueryFailure("21000", `${what} needs a filter.`, "Add .eq(\"id\", …) or another condition.")
}

function refuseDuplicates(rows: Row[]): Row[] {
  if (new Set(rows.map((row) => row.id)).size < rows.length) throw new QueryFailure("23505", "A record with this id exists already.")
  return rows
}

function project(row: Row, columns: string): Columns {
  const names = columns.split(",").map((column) => column.trim())
  if (names.includes("*")) return { ...row }
  return Object.fromEntries(names.map((column) => [column, row[column] ?? null]))
}

function shaped(rows: Columns[], shape: Shape): Columns[] | Columns | null {
  if (shape === "many") return rows
  const [row = null] = rows
  if (rows.length > 1 || (shape === "single" && row === null)) {
    throw new QueryFailure("PGRST116", `Expected one record and found ${rows.length}.`)
  }
  return row
}
