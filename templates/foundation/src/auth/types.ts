/** The shapes of Supabase Auth that pages rely on. */
export interface User {
  id: string
  email: string
  created_at: string
  user_metadata: { name?: string }
}

export interface Session {
  access_token: string
  /** Seconds since the Unix epoch. */
  expires_at: number
  user: User
}

export interface AuthError {
  code: string
  message: string
}

export type AuthResult<T> = { data: T; error: null } | { data: null; error: AuthError }

export interface Credentials {
  email: string
  password: string
}

export interface Auth {
  user: User | null
  session: Session | null
  /** True until it is known whether someone is signed in. */
  loading: boolean
  signUp(credentials: Credentials & { name?: string }): Promise<AuthResult<Session>>
  signIn(credentials: Credentials): Promise<AuthResult<Session>>
  signOut(): Promise<void>
  /** Answers with the link that a mail would carry: a browser cannot send one. */
  resetPassword(email: string): Promise<AuthResult<{ link: string }>>
  /** Signs in with the token of such a link. */
  recover(token: string): Promise<AuthResult<Session>>
  updatePassword(password: string): Promise<AuthResult<User>>
}

export const minimumPasswordLength = 8
