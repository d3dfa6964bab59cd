/**
 * The app's database client. A table called "recipes" is `app_<id>_recipes` underneath, so that no app can name another's.
 * It speaks a subset of supabase-js: `await db.from("recipes").select().eq("cuisine", "Thai").order("title")` → `{ data, error, count }`.
 * For now the records live in this browser's storage.
 */
import { config } from "./config"
import { TableQuery } from "./database/table-query"
import { onTableChange } from "./database/table-storage"
import type { Row } from "./database/types"

export type { DatabaseError, QueryResult, Row, Value } from "./database/types"

export class AppScopedDatabase {
  readonly #appId: string

  constructor(appId: string) {
    if (!/^[a-z][a-z0-9]{7,15}$/.test(appId)) throw new Error(`“${appId}” is not an app id`)
    this.#appId = appId
  }

  /** Starts a query on one of this app's tables. Nothing runs until it is awaited. */
  from<R extends Row = Row>(table: string): TableQuery<R> {
    return new TableQuery<R>(this.tableName(table))
  }

  /** The full name of a table. Throws when it is not one: lower case letters, digits and `_`, at most 63 characters in all. */
  tableName(table: string): string {
    const name = `app_${this.#appId}_${table}`
    if (!/^[a-z][a-z0-9_]*$/.test(table) || name.length > 63) throw new Error(`“${table}” is not a table name`)
    return name
  }

  /** Calls back after any change of the table, made in this tab or another. Returns the way to stop. */
  subscribe(table: string, listener: () => void): () => void {
    return onTableChange(this.tableName(table), listener)
  }
}

export const db: AppScopedDatabase = new AppScopedDatabase(config.app_id)
