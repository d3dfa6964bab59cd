import { type ReactNode, useEffect, useMemo, useState } from "react"
import { onSessionChange, readSession, saveSession } from "./account-storage"
import { AuthContext } from "./AuthContext"
import * as accounts from "./browser-accounts"
import type { Auth, AuthResult, Session } from "./types"

export function AuthProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState(readSession)

  useEffect(() => onSessionChange(() => setSession(readSession())), [])

  const auth = useMemo<Auth>(() => {
    async function adopting(result: Promise<AuthResult<Session>>) {
      const answer = await result
      if (answer.data) setSession(answer.data)
      return answer
    }
    return {
      user: session?.user ?? null,
      session,
      loading: false,
      signUp: (credentials) => adopting(accounts.signUp(credentials)),
      signIn: (credentials) => adopting(accounts.signIn(credentials)),
      recover: (token) => adopting(accounts.recover(token)),
      resetPassword: accounts.resetPassword,
      async signOut() {
        saveSession(null)
        setSession(null)
      },
      async updatePassword(password) {
        if (!session) return { data: null, error: { code: "session_missing", message: "Sign in first." } }
        return accounts.updatePassword(session.user, password)
      },
    }
  }, [session])

  return <AuthContext value={auth}>{children}</AuthContext>
}
