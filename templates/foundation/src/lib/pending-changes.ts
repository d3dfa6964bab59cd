/** Changes that are shown before the database has confirmed them. */
import type { Columns, Row } from "./database"

export type PendingChange = { kind: "create"; record: Row } | { kind: "update"; id: string; columns: Columns } | { kind: "remove"; id: string }

export function withPending(records: Row[], changes: PendingChange[]): Row[] {
  return changes.reduce(apply, records)
}

function apply(records: Row[], change: PendingChange): Row[] {
  switch (change.kind) {
    case "create":
      return [change.record, ...records]
    case "update":
      return records.map((record) => (record.id === change.id ? { ...record, ...change.columns } : record))
    case "remove":
      return records.filter(({ id }) => id !== change.id)
  }
}

/** What a new record looks like until the database has given it an id. */
export function draftOf(columns: Columns, userId: string | null): Row {
  drafts += 1
  const now = new Date().toISOString()
  return { ...columns, id: `draft-${drafts}`, user_id: userId, created_at: now, updated_at: now }
}

let drafts = 0
