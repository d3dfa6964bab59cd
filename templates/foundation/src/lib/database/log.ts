/** One line per query in the browser's console while the app is being built. Values of records are left out. */
import { isDevelopment } from "../config"
import type { Plan } from "./run"
import type { QueryResult } from "./types"

export function logQuery(plan: Plan, result: QueryResult<unknown>, milliseconds: number) {
  if (!isDevelopment) return
  const outcome = result.error ? `failed: ${result.error.code} ${result.error.message}` : rows(result)
  console.debug(`[db] ${plan.action.kind} ${plan.name} → ${outcome} (${milliseconds.toFixed(1)} ms)`)
}

function rows({ data, count }: QueryResult<unknown>): string {
  const number = count ?? (Array.isArray(data) ? data.length : data === null ? null : 1)
  if (number === null) return "done"
  return number === 1 ? "1 row" : `${number} rows`
}
