export type Value = string | number | boolean | null

export interface Row {
  id: string
  created_at: string
  updated_at: string
  [column: string]: Value | undefined
}

export interface DatabaseError {
  /** A PostgreSQL or PostgREST code. */
  code: string
  message: string
  details: string | null
  hint: string | null
}

/** `count` is set when the query asked for it. */
export type QueryResult<T> =
  | { data: T; error: null; count: number | null }
  | { data: null; error: DatabaseError; count: null }

/** Thrown inside the database only; a caller of the client gets it as `error`. */
export class QueryFailure extends Error {
  readonly code: string
  readonly hint: string | null

  constructor(code: string, message: string, hint: string | null = null) {
    super(message)
    this.code = code
    this.hint = hint
  }
}
