/** A stand-in for the accounts server: same questions, same answers, everything in this browser. It proves nothing to anyone else. */
import { newId } from "@/lib/new-id"
import { type Account, readAccounts, saveAccount, saveSession } from "./account-storage"
import { hashPassword, passwordMatches } from "./password"
import { type AuthResult, type Credentials, minimumPasswordLength, type Session, type User } from "./types"

const sessionSeconds = 30 * 24 * 3600
const recoverySeconds = 3600

export async function signUp({ email, password, name }: Credentials & { name?: string }): Promise<AuthResult<Session>> {
  return answered(async () => {
    if (find(email)) return failed("user_already_exists", "There is an account with this e-mail address already. Sign in instead.")
    if (password.length < minimumPasswordLength) return weak()
    const user: User = { id: newId(), email: normalised(email), created_at: new Date().toISOString(), user_metadata: name ? { name } : {} }
    saveAccount({ user, password: await hashPassword(password) })
    return begin(user)
  })
}

export async function signIn({ email, password }: Credentials): Promise<AuthResult<Session>> {
  return answered(async () => {
    const account = find(email)
    if (!account || !(await passwordMatches(password, account.password))) {
      return failed("invalid_credentials", "The e-mail address or the password is not right.")
    }
    return begin(account.user)
  })
}

export async function resetPassword(email: string): Promise<AuthResult<{ link: string }>> {
  return answered(async () => {
    const account = find(email)
    if (!account) return failed("user_not_found", "This browser has no account with this e-mail address.")
    const token = newId()
    saveAccount({ ...account, recovery: { token, expires_at: now() + recoverySeconds } })
    return { data: { link: `/auth/callback?type=recovery&token=${token}` }, error: null }
  })
}

export async function recover(token: string): Promise<AuthResult<Session>> {
  return answered(async () => {
    const account = readAccounts().find(({ recovery }) => recovery?.token === token && recovery.expires_at > now())
    if (!account) return failed("otp_expired", "This link has run out or was used before. Ask for a new one.")
    saveAccount({ ...account, recovery: undefined })
    return begin(account.user)
  })
}

export async function updatePassword(user: User, password: string): Promise<AuthResult<User>> {
  return answered(async () => {
    const account = readAccounts().find((known) => known.user.id === user.id)
    if (!account) return failed("user_not_found", "This account no longer exists in this browser. Sign up again.")
    if (password.length < minimumPasswordLength) return weak()
    if (await passwordMatches(password, account.password)) return failed("same_password", "Choose a password that differs from the old one.")
    saveAccount({ ...account, password: await hashPassword(password) })
    return { data: account.user, error: null }
  })
}

function find(email: string): Account | undefined {
  return readAccounts().find(({ user }) => user.email === normalised(email))
}

function normalised(email: string): string {
  return email.trim().toLowerCase()
}

function begin(user: User): AuthResult<Session> {
  const session: Session = { access_token: newId(), expires_at: now() + sessionSeconds, user }
  saveSession(session)
  return { data: session, error: null }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

function weak(): AuthResult<never> {
  return failed("weak_password", `Use at least ${minimumPasswordLength} characters.`)
}

function failed(code: string, message: string): AuthResult<never> {
  return { data: null, error: { code, message } }
}

async function answered<T>(work: () => Promise<AuthResult<T>>): Promise<AuthResult<T>> {
  if (!crypto.subtle) return failed("insecure_origin", "Accounts need a secure address: open the app over https.")
  try {
    return await work()
  } catch {
    return failed("storage", "This browser could not store the account: its storage is full, damaged or switched off.")
  }
}
