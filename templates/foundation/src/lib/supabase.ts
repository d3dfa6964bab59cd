/**
 * The client of Supabase behind this app: used by `src/lib` and `src/auth`, while pages ask `db` and the hooks. The app's own address
 * serves it, whose Worker decides what is this app's; the key only names the app.
 */
import { createClient } from "@supabase/supabase-js"
import { config } from "./config"
import { request } from "./database/requests"

const storageKey = `overskill-${config.app_id}-session`

export const supabase = createClient(location.origin, `sb_publishable_${config.app_id}`, {
  auth: {
    flowType: "pkce",
    // `/auth/callback` reads what is in its address.
    detectSessionInUrl: false,
    persistSession: true,
    storageKey,
  },
  // The Worker asks once more where that helps.
  db: { retry: false },
  global: { fetch: request },
})

/** Calls back when another tab has stored a session, or removed it. Returns the way to stop. */
export function onSessionStored(listener: () => void): () => void {
  function heed({ key }: StorageEvent) {
    if (key === storageKey || key === null) listener()
  }
  addEventListener("storage", heed)
  return () => removeEventListener("storage", heed)
}
