/** The links in mails: where they lead, and what their addresses hold when they arrive. */
import type { EmailOtpType } from "@supabase/supabase-js"
import { supabase } from "@/lib/supabase"
import { authError, linkError } from "./error-text"
import { ownAddress } from "./return-address"
import type { AuthResult } from "./types"

const newPassword = "/update-password"

/** The address for a mail to lead back to, and the page to go to then. */
export function linkTo(next: string): string {
  return `${location.origin}/auth/callback?next=${encodeURIComponent(next)}`
}

/** To choose a new password. */
export const recoveryLink = () => linkTo(newPassword)

/**
 * Signs in with what `/auth/callback` was opened with: `code`, `token_hash` and `type`, tokens behind the `#`, or an `error`. Where to go
 * on: a forgotten password leads to choosing a new one, everything else to `next`.
 */
export async function follow(address: URL): Promise<AuthResult<string>> {
  const given = new URLSearchParams([...address.searchParams, ...new URLSearchParams(address.hash.slice(1))])
  const next = ownAddress(given.get("next"))
  const type = given.get("type")
  const refusal = given.get("error_code") ?? given.get("error")
  if (refusal) return { data: null, error: linkError(refusal) }
  const opened = await open(given, type)
  if (!opened) return { data: null, error: { code: "incomplete", message: "This link is not complete. Ask for a new one." } }
  if (opened.error) return { data: null, error: authError(opened.error) }
  return { data: type === "recovery" ? newPassword : next, error: null }
}

async function open(given: URLSearchParams, type: string | null) {
  const code = given.get("code")
  if (code) return supabase.auth.exchangeCodeForSession(code)
  const hash = given.get("token_hash")
  if (hash && isMailed(type)) return supabase.auth.verifyOtp({ token_hash: hash, type })
  const access_token = given.get("access_token")
  const refresh_token = given.get("refresh_token")
  return access_token && refresh_token ? supabase.auth.setSession({ access_token, refresh_token }) : null
}

const mailed: readonly string[] = ["signup", "email", "recovery", "invite", "magiclink", "email_change"]

function isMailed(type: string | null): type is EmailOtpType {
  return type !== null && mailed.includes(type)
}
