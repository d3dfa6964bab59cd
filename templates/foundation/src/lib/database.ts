/**
 * The app's database. A table called "recipes" is `app_<id>_recipes` underneath, so that no app can name another's; what is here is
 * supabase-js on that table: `await db.from("recipes").select().eq("cuisine", "Thai").order("title")` → `{ data, error, count }`.
 * Rows are typed by `src/app/tables.ts`. At most 1,000 rows come at once: ask for more with `.range(from, to)`.
 */
import type { SupabaseClient } from "@supabase/supabase-js"
import { realtimeTables, type Tables } from "@/app/tables"
import { config } from "./config"
import { onTableChange } from "./database/changes"
import { onOthersChange } from "./database/realtime"
import type { Columns, Row, TableName } from "./database/types"
import { supabase } from "./supabase"

export { errorText } from "./database/error-text"
export type { Access, Columns, DatabaseError, InsertOf, QueryResult, Row, RowOf, TableName, UpdateOf, Value } from "./database/types"

type Schema<T> = { public: { Tables: { [Name in keyof T]: T[Name] }; Views: Record<never, never>; Functions: Record<never, never> } }
type Untyped<R> = { [name: string]: { Row: R; Insert: Columns; Update: Columns; Relationships: [] } }

export class AppScopedDatabase {
  readonly #appId: string
  readonly #typed = supabase as SupabaseClient<Schema<Tables>>

  constructor(appId: string) {
    if (!/^[a-z][a-z0-9]{7,15}$/.test(appId)) throw new Error(`“${appId}” is not an app id`)
    this.#appId = appId
  }

  /** Starts a query on one of this app's tables. Nothing runs until it is awaited. */
  from<T extends TableName>(table: T) {
    return this.#typed.from(this.tableName(table) as T)
  }

  /** As `from`, for a table whose name is known only at run time. */
  fromName<R extends Row = Row>(table: string) {
    return (supabase as SupabaseClient<Schema<Untyped<R>>>).from(this.tableName(table))
  }

  /** The full name of a table, as an embedded select needs it. Throws when it is not one: lower case letters, digits and `_`, at most 63 characters in all. */
  tableName(table: string): string {
    const name = `app_${this.#appId}_${table}`
    if (!/^[a-z][a-z0-9_]*$/.test(table) || name.length > 63) throw new Error(`“${table}” is not a table name`)
    return name
  }

  /**
   * Calls back after a change of the table made in this tab or another, and when the page is seen again; of a table that is defined with
   * `realtime`, also after one made by anybody else whose rows this user may read. Returns the way to stop.
   */
  subscribe(table: string, listener: () => void): () => void {
    const stop = onTableChange(this.tableName(table), listener)
    if (!realtimeTables.includes(table)) return stop
    const stopHearing = onOthersChange((changed) => changed === table && listener())
    return () => {
      stopHearing()
      stop()
    }
  }
}

export const db = new AppScopedDatabase(config.app_id)
