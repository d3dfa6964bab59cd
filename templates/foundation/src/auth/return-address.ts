import { useLocation } from "react-router"

const start = "/dashboard"

/** Where to go after signing in: the page that asked for it, else the dashboard. */
export function useReturnAddress(): string {
  const state: unknown = useLocation().state
  return ownAddress(typeof state === "object" && state !== null && "from" in state ? state.from : null)
}

/** An address within this app, whatever was asked for. */
export function ownAddress(address: unknown): string {
  if (typeof address !== "string" || !address.startsWith("/") || !URL.canParse(address, location.origin)) return start
  const { origin, pathname, search, hash } = new URL(address, location.origin)
  return origin === location.origin ? pathname + search + hash : start
}
