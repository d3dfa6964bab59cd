/** Asks Supabase Auth at the app's own address, and answers in words. */
import type { AuthError as Failure, User as AuthUser } from "@supabase/supabase-js"
import { supabase } from "@/lib/supabase"
import { authError } from "./error-text"
import { follow, linkTo, recoveryLink } from "./mail-link"
import type { Auth, AuthOutcome, User } from "./types"

type Accounts = Omit<Auth, "user" | "loading">

export const accounts: Accounts = {
  async signUp({ email, password, name }, next) {
    const options = { emailRedirectTo: linkTo(next), data: name ? { name } : undefined }
    const { data, error } = await supabase.auth.signUp({ email: email.trim(), password, options })
    if (error) return { data: null, error: authError(error) }
    return { data: data.session ? userOf(data.session.user) : null, error: null }
  },
  async resendConfirmation(email, next) {
    return outcomeOf(await supabase.auth.resend({ type: "signup", email: email.trim(), options: { emailRedirectTo: linkTo(next) } }))
  },
  async signIn({ email, password }) {
    return outcomeOf(await supabase.auth.signInWithPassword({ email: email.trim(), password }))
  },
  async signOut() {
    // It is over in this browser even where nobody answers.
    await supabase.auth.signOut({ scope: "local" })
  },
  async resetPassword(email) {
    return outcomeOf(await supabase.auth.resetPasswordForEmail(email.trim(), { redirectTo: recoveryLink() }))
  },
  async updatePassword(password) {
    return outcomeOf(await supabase.auth.updateUser({ password }))
  },
  followLink: follow,
}

export function userOf({ id, email = "", created_at, user_metadata }: AuthUser): User {
  const name: unknown = user_metadata.name
  return { id, email, created_at, user_metadata: typeof name === "string" && name.trim() ? { name } : {} }
}

function outcomeOf({ error }: { error: Failure | null }): AuthOutcome {
  return { error: error && authError(error) }
}
