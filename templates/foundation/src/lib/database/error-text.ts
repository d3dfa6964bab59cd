/** What went wrong, as a sentence for whoever uses the app. */
import type { DatabaseError } from "./types"

const texts: Record<string, string> = {
  "22001": "A text is too long.",
  "22003": "A number is too large.",
  "22P02": "A value has the wrong form.",
  "23502": "A value that is needed is missing.",
  "23503": "This is connected to something that is not there, or that still needs it.",
  "23505": "This exists already.",
  "23514": "A value is not one of those that are allowed.",
  "57014": "This took too long. Try again.",
  PGRST116: "This is not there any more, or is not yours.",
  PGRST204: "The app asks for a column that its database does not have.",
  PGRST205: "The app asks for a table that its database does not have.",
  PGRST301: "Your session has ended. Sign in again.",
  PGRST303: "Your session has ended. Sign in again.",
}

export function errorText({ code, message }: DatabaseError): string {
  if (code === "42501") return denied(message)
  if (code === "PGRST000") return message || "The app's database does not answer at the moment."
  // Codes of a shard that is not well begin like this, too.
  if (/^PGRST00\d$|^08|^53/.test(code)) return "The app's database does not answer at the moment. Try again in a while."
  return texts[code] ?? (message || "The app's database refused this.")
}

/** What PostgreSQL says of tables and policies means nothing to a user; what the platform says of their account does. */
function denied(message: string): string {
  return /permission denied|row-level security/i.test(message) ? "You are not allowed to do this." : message
}
