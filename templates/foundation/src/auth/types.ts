/** The shapes of Supabase Auth that pages rely on. */
export interface User {
  id: string
  email: string
  created_at: string
  user_metadata: { name?: string }
}

export interface AuthError {
  code: string
  /** A sentence for the user. */
  message: string
}

export type AuthResult<T> = { data: T; error: null } | { data: null; error: AuthError }

export type AuthOutcome = { error: AuthError | null }

export interface Credentials {
  email: string
  password: string
}

export interface Auth {
  user: User | null
  /** True until it is known whether someone is signed in. */
  loading: boolean
  /** Without a user when the address has to be confirmed first: by the link of a mail, which leads to `next`. */
  signUp(credentials: Credentials & { name?: string }, next: string): Promise<AuthResult<User | null>>
  /** Sends that mail again. */
  resendConfirmation(email: string, next: string): Promise<AuthOutcome>
  signIn(credentials: Credentials): Promise<AuthOutcome>
  /** In every tab of this browser. */
  signOut(): Promise<void>
  /** Sends a mail with a link, where there is such an account; whether there is, nobody is told. */
  resetPassword(email: string): Promise<AuthOutcome>
  updatePassword(password: string): Promise<AuthOutcome>
  /** Signs in with what the address of a mailed link holds. Where to go on. */
  followLink(address: URL): Promise<AuthResult<string>>
}

export const minimumPasswordLength = 8
