/**
 * Tells who shows a table that its rows may have changed: by this tab, by another one, or by anybody while the page was out of sight. What
 * others change meanwhile is in `realtime.ts`.
 */
import { config } from "../config"

const changes = new EventTarget()
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(`overskill-${config.app_id}-changes`)

tabs?.addEventListener("message", ({ data }) => {
  if (typeof data === "string") changes.dispatchEvent(new Event(data))
})

/** `name` is the table's full name. */
export function announceChange(name: string) {
  changes.dispatchEvent(new Event(name))
  tabs?.postMessage(name)
}

/** Returns the way to stop. */
export function onTableChange(name: string, listener: () => void): () => void {
  const onVisible = () => {
    if (document.visibilityState === "visible") listener()
  }
  changes.addEventListener(name, listener)
  document.addEventListener("visibilitychange", onVisible)
  return () => {
    changes.removeEventListener(name, listener)
    document.removeEventListener("visibilitychange", onVisible)
  }
}
