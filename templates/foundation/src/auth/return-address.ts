import { useLocation } from "react-router"

const start = "/dashboard"

/** Where to go when this page has done its work, such as signing somebody in: the page that led here for it, else where it says. */
export function useReturnAddress(otherwise = start): string {
  const state: unknown = useLocation().state
  return ownAddress(typeof state === "object" && state !== null && "from" in state ? state.from : null, otherwise)
}

/** An address within this app, whatever was asked for. */
export function ownAddress(address: unknown, otherwise = start): string {
  if (typeof address !== "string" || !address.startsWith("/") || !URL.canParse(address, location.origin)) return otherwise
  const { origin, pathname, search, hash } = new URL(address, location.origin)
  return origin === location.origin ? pathname + search + hash : otherwise
}
