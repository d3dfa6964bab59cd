import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react"
import { toast } from "sonner"
import { onSessionRefused } from "@/lib/database/requests"
import { onSessionStored, supabase } from "@/lib/supabase"
import { AuthContext } from "./AuthContext"
import { accounts, userOf } from "./accounts"
import type { Auth, User } from "./types"

export function AuthProvider({ children }: { children: ReactNode }) {
  /** Undefined until it is known whether somebody is signed in. */
  const [user, setUser] = useState<User | null>()

  const leaving = useRef(false)

  /** The stored session counts: word of another tab's can be here before it is, and requests would go out without it. */
  const recall = useCallback(async () => {
    const { data } = await supabase.auth.getSession()
    // Nothing is asked for in the name of whoever leaves.
    if (!leaving.current) setUser((known) => same(known, data.session && userOf(data.session.user)))
  }, [])

  useEffect(() => {
    // Not waited for: a renewal waits for whoever hears of it, and asking for the session may wait for the renewal.
    const { data } = supabase.auth.onAuthStateChange(() => void recall())
    const forget = onSessionStored(() => void recall())
    const stop = onSessionRefused(() => {
      if (leaving.current) return
      toast.error("Your session has ended. Sign in again.", { id: "session-ended" })
      void accounts.signOut()
    })
    return () => {
      stop()
      forget()
      data.subscription.unsubscribe()
    }
  }, [recall])

  const auth = useMemo<Auth>(() => {
    async function signOut() {
      leaving.current = true
      setUser(undefined)
      await accounts.signOut().finally(() => (leaving.current = false))
      await recall()
    }
    return { ...accounts, signOut, user: user ?? null, loading: user === undefined }
  }, [user, recall])

  return <AuthContext value={auth}>{children}</AuthContext>
}

/** Sessions are renewed, and tell of the same user each time. */
function same(known: User | null | undefined, next: User | null): User | null {
  return known && JSON.stringify(known) === JSON.stringify(next) ? known : next
}
