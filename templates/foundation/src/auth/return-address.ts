import { useLocation } from "react-router"

/** Where to go after signing in: the page that asked for it, else the dashboard. */
export function useReturnAddress(): string {
  const state: unknown = useLocation().state
  if (typeof state === "object" && state !== null && "from" in state && typeof state.from === "string") return state.from
  return "/dashboard"
}
