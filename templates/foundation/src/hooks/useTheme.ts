import { useSyncExternalStore } from "react"
import { isDark, setTheme, subscribeToTheme, theme } from "@/lib/theme"

export function useTheme() {
  return {
    theme: useSyncExternalStore(subscribeToTheme, theme),
    isDark: useSyncExternalStore(subscribeToTheme, isDark),
    setTheme,
  }
}
