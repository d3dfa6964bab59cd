/** The first step of a query: what to do with the table. */
import { FilteredQuery } from "./filtered-query"
import type { Action } from "./run"
import type { Row, Value } from "./types"

/** Columns to write. `id`, `created_at` and `updated_at` are filled in when left out. */
export type Draft = { [column: string]: Value | undefined }

export class TableQuery<R extends Row> {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  /** `columns` is `*` or a comma-separated list. `head` leaves the rows out, for a cheap count. */
  select(columns = "*", options: { count?: "exact"; head?: boolean } = {}): FilteredQuery<R, R[]> {
    return this.#start({ kind: "select" }).reading(columns, options)
  }

  insert(drafts: Draft | Draft[]): FilteredQuery<R, null> {
    return this.#start({ kind: "insert", drafts: Array.isArray(drafts) ? drafts : [drafts] })
  }

  /** Needs a filter, as does `delete`. */
  update(changes: Draft): FilteredQuery<R, null> {
    return this.#start({ kind: "update", changes })
  }

  delete(): FilteredQuery<R, null> {
    return this.#start({ kind: "delete" })
  }

  #start(action: Action): FilteredQuery<R, null> {
    return new FilteredQuery<R, null>(this.#name, action)
  }
}
