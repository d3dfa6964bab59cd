import type { Session } from "@supabase/supabase-js"
import { type ReactNode, useEffect, useMemo, useState } from "react"
import { toast } from "sonner"
import { onSessionRefused } from "@/lib/database/requests"
import { supabase } from "@/lib/supabase"
import { AuthContext } from "./AuthContext"
import { accounts, userOf } from "./accounts"
import type { Auth, User } from "./types"

export function AuthProvider({ children }: { children: ReactNode }) {
  /** Undefined until it is known whether somebody is signed in. */
  const [user, setUser] = useState<User | null>()

  useEffect(() => {
    const { data } = supabase.auth.onAuthStateChange((_, session) => setUser((known) => same(known, userIn(session))))
    const stop = onSessionRefused(() => {
      toast.error("Your session has ended. Sign in again.", { id: "session-ended" })
      void accounts.signOut()
    })
    return () => {
      stop()
      data.subscription.unsubscribe()
    }
  }, [])

  const auth = useMemo<Auth>(() => {
    async function signOut() {
      // From now on nothing is asked for in the name of whoever leaves.
      setUser(undefined)
      await accounts.signOut()
      const { data } = await supabase.auth.getSession()
      setUser(userIn(data.session))
    }
    return { ...accounts, signOut, user: user ?? null, loading: user === undefined }
  }, [user])

  return <AuthContext value={auth}>{children}</AuthContext>
}

function userIn(session: Session | null): User | null {
  return session && userOf(session.user)
}

/** Sessions are renewed, and tell of the same user each time. */
function same(known: User | null | undefined, next: User | null): User | null {
  return known && JSON.stringify(known) === JSON.stringify(next) ? known : next
}
