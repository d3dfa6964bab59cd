import type { LucideIcon } from "lucide-react"
import { House } from "lucide-react"
import { LayoutDashboard } from "lucide-react"
// Icon imports of this app go above this line.

export interface NavigationEntry {
  label: string
  to: string
  /** The table whose records this page shows, with its form at `<to>/new`; Home and Dashboard count them. */
  table?: string
  icon?: LucideIcon
}

export const navigation: NavigationEntry[] = [
  { label: "Home", to: "/", icon: House },
  { label: "Dashboard", to: "/dashboard", icon: LayoutDashboard },
  // Navigation of this app goes above this line.
]

const shellPages = new Set(["/", "/dashboard"])

/** The entries this app added to the shell. */
export const appEntries = navigation.filter((entry) => !shellPages.has(entry.to))
