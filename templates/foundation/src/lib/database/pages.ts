/** Reads a table page by page: a shard answers with at most 1,000 rows at once. */
import { db } from "../database"
import type { DatabaseError, Row } from "./types"

export const rowsPerPage = 1_000

export interface Loaded {
  records: Row[]
  /** How many rows there are in all. */
  total: number
}

type Answer = { data: Loaded; error: null } | { data: null; error: DatabaseError }

/** The newest rows, up to so many pages of them. */
export async function readPages(table: string, pages: number): Promise<Answer> {
  const records: Row[] = []
  let total = 0
  for (let page = 0; page < pages; page += 1) {
    const from = page * rowsPerPage
    const query = db.fromName(table).select("*", { count: "exact" }).order("created_at", { ascending: false }).order("id")
    const { data, error, count } = await query.range(from, from + rowsPerPage - 1)
    if (error) return { data: null, error }
    records.push(...data)
    total = count ?? records.length
    if (records.length >= total || data.length === 0) break
  }
  return { data: { records, total }, error: null }
}
