/** How supabase-js reaches the app's own address: with a deadline, errors in words, a line in the log, and word of what changed. */
import { announceChange } from "./changes"
import { logQuery, outcomeOf } from "./log"

const deadlineSeconds = 30
const rest = "/rest/v1/"
const refusals = new EventTarget()

/** Calls back when the database no longer takes the session. Returns the way to stop. */
export function onSessionRefused(listener: () => void): () => void {
  refusals.addEventListener("refused", listener)
  return () => refusals.removeEventListener("refused", listener)
}

export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  const deadline = AbortSignal.timeout(deadlineSeconds * 1000)
  const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline
  if (!pathname.startsWith(rest)) return answered(await fetch(input, { ...init, signal }))
  return queried(pathname.slice(rest.length), init?.method ?? "GET", init?.signal, () => fetch(input, { ...init, signal }))
}

async function queried(name: string, method: string, caller: AbortSignal | null | undefined, ask: () => Promise<Response>): Promise<Response> {
  const started = performance.now()
  const response = await ask().then(answered, (cause: unknown) => {
    // Whoever gave the query up knows why.
    if (caller?.aborted) throw cause
    const isLate = cause instanceof DOMException && cause.name === "TimeoutError"
    return failure(isLate ? `The app's database gave no answer for ${deadlineSeconds} seconds. Try again.` : unreachable)
  })
  const code = response.ok ? "" : await codeOf(response.clone())
  logQuery(method, name, outcomeOf(response, code), performance.now() - started)
  if (response.ok && method !== "GET" && method !== "HEAD") announceChange(name)
  if (response.status === 401 && sessionRefusals.has(code)) refusals.dispatchEvent(new Event("refused"))
  return response
}

const unreachable = "The app could not be reached. Check your connection and try again."

/** PostgREST's codes for a token that has run out, or is none. */
const sessionRefusals = new Set(["PGRST301", "PGRST303"])

/** A page instead of data comes from a server that does not know these addresses, such as Vite's. */
function answered(response: Response): Response {
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false
  return isPage ? failure("The app's database does not answer at this address.") : response
}

/** In the shapes of PostgREST and of Supabase Auth. */
function failure(message: string): Response {
  return Response.json({ code: "PGRST000", message, details: null, hint: null, error_code: "unavailable", msg: message }, { status: 503 })
}

async function codeOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null)
  return typeof body === "object" && body !== null && "code" in body ? String(body.code) : ""
}
