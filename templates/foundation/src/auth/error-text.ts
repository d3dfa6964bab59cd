/** What Supabase Auth refused, as a sentence for the user. */
import { type AuthError as Failure, isAuthRetryableFetchError } from "@supabase/supabase-js"
import { type AuthError, minimumPasswordLength } from "./types"

const badLink = "This link has run out or was used before. Ask for a new one."
const closed = "This app takes nobody new by themselves. Ask whoever runs it to invite you."
const ended = "Your session has ended. Sign in again."
const known = "This address cannot be used for a new account. If it is yours, perhaps from another app made here, sign in or get a new password."
const patience = "That was too often. Wait a few minutes and try again."

const texts: Record<string, string> = {
  bad_code_verifier: "Open this link in the browser in which you asked for it, or ask for a new one here.",
  bad_jwt: ended,
  email_address_invalid: "This e-mail address does not seem to exist.",
  email_address_not_authorized: "This app does not take this address. Ask whoever runs it to invite you.",
  email_exists: known,
  email_not_confirmed: "Confirm your e-mail address first: follow the link in the mail that you got.",
  email_provider_disabled: closed,
  flow_state_expired: badLink,
  flow_state_not_found: badLink,
  invalid_credentials: "The e-mail address or the password is not right.",
  not_found: "This app is not there any more.",
  otp_expired: badLink,
  over_email_send_rate_limit: patience,
  over_request_rate_limit: patience,
  pkce_code_verifier_not_found: "Open this link in the browser in which you asked for it, or ask for a new one here.",
  reauthentication_needed: "Sign out and in again, then choose the new password.",
  refresh_token_not_found: ended,
  same_password: "Choose a password that differs from the old one.",
  session_expired: ended,
  session_not_found: ended,
  signup_disabled: closed,
  user_already_exists: known,
  user_banned: "This account may not use this app.",
  weak_password: `This password is too easy to guess. Use at least ${minimumPasswordLength} characters, and not a common word.`,
}

export function authError(failure: Failure): AuthError {
  const code = failure.code ?? failure.name
  // What the platform says of an app is meant for its users.
  const isOurs = failure.message.startsWith("This app ")
  return { code, message: isOurs ? failure.message : (texts[code] ?? unforeseen(failure)) }
}

/** What a link says that leads here without a session. Its own words could be anybody's. */
export function linkError(code: string): AuthError {
  return { code, message: texts[code] ?? badLink }
}

function unforeseen(failure: Failure): string {
  if (failure.status === 429) return patience
  if (failure.status === 0) return "The app could not be reached. Check your connection and try again."
  if (isAuthRetryableFetchError(failure) || (failure.status ?? 0) >= 500) return "Accounts do not answer at the moment. Try again in a while."
  if (failure.name === "AuthSessionMissingError") return ended
  return failure.message
}
