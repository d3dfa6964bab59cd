import type { Tables } from "@/app/tables"

/**
 * Who reads a table's rows, each of which belongs to the user who made it: only they (`owner`), everyone on the internet (`public_read`),
 * every user of the app (`app_read`), the row's team (`team`), nobody in a browser (`server`). Only its own user changes a row.
 */
export type Access = "owner" | "public_read" | "app_read" | "team" | "server"

/**
 * A table: its own columns, and which of them an insert must give. What every table has comes by itself; so does `team_id` for whoever is in
 * one team alone, and others give it.
 */
export interface Table<A extends Access, Own extends object, Needed extends keyof Own = never> {
  Row: Flat<Given<A> & Own>
  Insert: Flat<Partial<Own> & Pick<Own, Needed> & Partial<Team<A>> & { id?: string }>
  Update: Flat<Partial<Own> & Partial<Team<A>>>
  Relationships: []
}

interface Common {
  id: string
  created_at: string
  updated_at: string
}

type Given<A extends Access> = Common & { user_id: A extends "server" ? string | null : string } & Team<A>
type Team<A extends Access> = A extends "team" ? { team_id: string } : unknown
type Flat<T> = { [K in keyof T]: T[K] }

/** The name of one of this app's tables. */
export type TableName = keyof Tables & string
export type RowOf<T extends TableName> = Tables[T]["Row"]
export type InsertOf<T extends TableName> = Tables[T]["Insert"]
export type UpdateOf<T extends TableName> = Tables[T]["Update"]

export type Value = string | number | boolean | null

/** A row of a table whose columns are known only at run time. */
export interface Row extends Common {
  user_id: string | null
  [column: string]: Value | undefined
}

/** Columns to write to such a table. */
export type Columns = { [column: string]: Value | undefined }

export interface DatabaseError {
  /** A PostgreSQL or PostgREST code; empty where there is none. */
  code: string
  message: string
  details: string | null
  hint: string | null
}

export type QueryResult<T> = { data: T; error: null } | { data: null; error: DatabaseError }
