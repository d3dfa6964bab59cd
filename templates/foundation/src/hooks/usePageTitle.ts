import { useEffect } from "react"
import { identity } from "@/app/identity"

/** Names the browser tab after the page. */
export function usePageTitle(title?: string) {
  useEffect(() => {
    document.title = title ? `${title} · ${identity.name}` : identity.name
  }, [title])
}
