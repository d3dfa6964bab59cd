/** What someone may do with a resource, as the database's policies have it. Those decide; this keeps what would be refused out of sight. */
import type { Access, Row } from "./database"

interface Reader {
  id: string
}

export function mayRead(access: Access = "owner", user: Reader | null): boolean {
  if (access === "server") return false
  return access === "public_read" || user !== null
}

/** Whether they may change or delete this record. */
export function mayChange(record: Row, user: Reader | null): boolean {
  return user !== null && record.user_id === user.id
}

/** Who else reads what someone adds; null where nobody does. */
export function audience(access: Access = "owner"): string | null {
  switch (access) {
    case "public_read":
      return "Everyone on the internet can read these."
    case "app_read":
      return "Everyone who has an account in this app can read these."
    case "team":
      return "Your team can read these."
    default:
      return null
  }
}
