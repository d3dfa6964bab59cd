/**
 * Hears at once what others change, while a table that is defined with `realtime` is shown. The database says which table it was and nothing of
 * the rows, on three channels: what everyone may read, what every user of the app may, and what is this user's.
 */
import type { RealtimeChannel } from "@supabase/supabase-js"
import { realtimeTables } from "@/app/tables"
import { supabase } from "../supabase"

/** A table is read again at most once in this time, however often it changes. */
const restMilliseconds = 1_000
/** Not everybody who hears of a change asks in the same instant. */
const spreadMilliseconds = 150

/** Pages come and go; for so long nobody has to be listening before the channels are left. */
const patienceMilliseconds = 5_000

type Listener = (table: string) => void

const listeners = new Set<Listener>()
let channels: RealtimeChannel[] = []
/** Who listens: null for nobody in particular, undefined while nobody does. */
let userId: string | null | undefined
let stopWatching: (() => void) | null = null
let joining = Promise.resolve()

/** Calls back with a table's name after somebody has changed it. Returns the way to stop. */
export function onOthersChange(listener: Listener): () => void {
  listeners.add(listener)
  stopWatching ??= watchSession()
  return () => {
    listeners.delete(listener)
    setTimeout(stopUnlessHeard, patienceMilliseconds)
  }
}

function stopUnlessHeard() {
  if (listeners.size > 0) return
  stopWatching?.()
  stopWatching = null
  listenAs(undefined)
}

/** Says at once, and after each change, whose session there is. */
function watchSession(): () => void {
  const { data } = supabase.auth.onAuthStateChange((_, session) => listenAs(session?.user.id ?? null))
  return () => data.subscription.unsubscribe()
}

function listenAs(id: string | null | undefined) {
  if (id === userId) return
  userId = id
  // Nothing of the client may be awaited within its own callback.
  setTimeout(() => (joining = joining.then(join, join)), 0)
}

async function join() {
  await Promise.all(channels.map((channel) => supabase.removeChannel(channel)))
  channels = []
  if (userId === undefined) return
  await supabase.realtime.setAuth()
  channels = (userId === null ? ["everyone"] : ["everyone", "members", "mine"]).map(joined)
}

function joined(name: string): RealtimeChannel {
  const channel = supabase.channel(name, { config: { private: true } })
  channel.on("broadcast", { event: "change" }, ({ payload }: { payload: { table?: unknown } }) => {
    if (typeof payload.table === "string") plan(payload.table)
  })
  // Of what was changed before, nobody has told.
  channel.on("system", {}, ({ status }: { status?: unknown }) => {
    if (status === "ok") realtimeTables.forEach(plan)
  })
  return channel.subscribe((state) => {
    if (state === "SUBSCRIBED") realtimeTables.forEach(plan)
  })
}

const last = new Map<string, number>()
const planned = new Set<string>()

function plan(table: string) {
  if (planned.has(table)) return
  planned.add(table)
  const rest = (last.get(table) ?? 0) + restMilliseconds - performance.now()
  setTimeout(
    () => {
      planned.delete(table)
      last.set(table, performance.now())
      for (const listener of listeners) listener(table)
    },
    Math.max(rest, Math.random() * spreadMilliseconds),
  )
}
