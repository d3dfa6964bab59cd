/** Where the stand-in keeps accounts and the session: this browser, this app's origin, nowhere else. */
import { readItem, removeItem, writeItem } from "@/lib/browser-storage"
import { config } from "@/lib/config"
import type { PasswordHash } from "./password"
import type { Session, User } from "./types"

export interface Account {
  user: User
  password: PasswordHash
  recovery?: { token: string; expires_at: number }
}

const accountsKey = `overskill-${config.app_id}-accounts`
const sessionKey = `overskill-${config.app_id}-session`

export function readAccounts(): Account[] {
  return JSON.parse(readItem(accountsKey) ?? "[]")
}

export function saveAccount(account: Account) {
  const others = readAccounts().filter((other) => other.user.id !== account.user.id)
  writeItem(accountsKey, JSON.stringify([...others, account]))
}

/** The session, unless it has run out. */
export function readSession(): Session | null {
  try {
    const session: Session | null = JSON.parse(readItem(sessionKey) ?? "null")
    return session && session.expires_at * 1000 > Date.now() ? session : null
  } catch {
    return null
  }
}

export function saveSession(session: Session | null) {
  if (session) writeItem(sessionKey, JSON.stringify(session))
  else removeItem(sessionKey)
}

/** Calls back when another tab signs in or out. */
export function onSessionChange(listener: () => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key === sessionKey || event.key === null) listener()
  }
  window.addEventListener("storage", listen)
  return () => window.removeEventListener("storage", listen)
}
