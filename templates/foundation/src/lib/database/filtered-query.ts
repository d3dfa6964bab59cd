/** A query being narrowed down. Awaiting it runs it; it answers with `{ data, error, count }` and never throws. */
import { type Condition, compared, compareValues, matches, type Order } from "./conditions"
import { type Action, type Plan, type Shape, run } from "./run"
import type { QueryResult, Row, Value } from "./types"

export class FilteredQuery<R extends Row, T> implements PromiseLike<QueryResult<T>> {
  readonly #plan: Plan

  constructor(name: string, action: Action) {
    this.#plan = { name, action, conditions: [], orders: [], from: 0, columns: null, count: false, head: false, shape: "many" }
  }

  eq(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => left === right))
  }

  neq(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => left !== right))
  }

  gt(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => compareValues(left, right) > 0))
  }

  gte(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => compareValues(left, right) >= 0))
  }

  lt(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => compareValues(left, right) < 0))
  }

  lte(column: string, value: Value): this {
    return this.#where(compared(column, value, (left, right) => compareValues(left, right) <= 0))
  }

  ilike(column: string, pattern: string): this {
    return this.#where(matches(column, pattern))
  }

  in(column: string, values: readonly Value[]): this {
    const wanted = new Set(values)
    return this.#where((row) => row[column] != null && wanted.has(row[column]))
  }

  is(column: string, value: null | boolean): this {
    return this.#where((row) => (row[column] ?? null) === value)
  }

  order(column: string, options: { ascending?: boolean; nullsFirst?: boolean } = {}): this {
    const ascending = options.ascending ?? true
    const order: Order = { column, ascending, nullsFirst: options.nullsFirst ?? !ascending }
    this.#plan.orders.push(order)
    return this
  }

  limit(rows: number): this {
    this.#plan.to = this.#plan.from + rows
    return this
  }

  /** Both ends are included and count from 0. */
  range(from: number, to: number): this {
    this.#plan.from = from
    this.#plan.to = to + 1
    return this
  }

  /** After `insert`, `update` or `delete`: answer with the rows concerned. */
  select(columns = "*"): FilteredQuery<R, R[]> {
    return this.reading(columns, {})
  }

  /** Exactly one row, else an error. */
  single(): FilteredQuery<R, R> {
    return this.#shaped<R>("single")
  }

  /** One row or null; more than one is an error. */
  maybeSingle(): FilteredQuery<R, R | null> {
    return this.#shaped<R | null>("maybe")
  }

  then<A = QueryResult<T>, B = never>(
    fulfilled?: ((result: QueryResult<T>) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return run<T>(this.#plan).then(fulfilled, rejected)
  }

  reading(columns: string, options: { count?: "exact"; head?: boolean }): FilteredQuery<R, R[]> {
    this.#plan.columns = columns
    this.#plan.count = options.count === "exact"
    this.#plan.head = options.head ?? false
    return this.#retyped<R[]>()
  }

  #where(condition: Condition): this {
    this.#plan.conditions.push(condition)
    return this
  }

  #shaped<U>(shape: Shape): FilteredQuery<R, U> {
    this.#plan.shape = shape
    return this.#retyped<U>()
  }

  // The plan decides the shape of the answer; the type only follows it.
  #retyped<U>(): FilteredQuery<R, U> {
    return this as unknown as FilteredQuery<R, U>
  }
}
