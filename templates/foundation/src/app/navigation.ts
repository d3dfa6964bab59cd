import type { LucideIcon } from "lucide-react"
import type { Access } from "@/lib/database"
import { House } from "lucide-react"
import { LayoutDashboard } from "lucide-react"
// Icon imports of this app go above this line.

export interface NavigationEntry {
  label: string
  to: string
  /** The table whose records this page shows, with its form at `<to>/new`; Home and Dashboard count them. */
  table?: string
  /** Who may read that table; by default everyone their own rows. */
  access?: Access
  icon?: LucideIcon
}

export const navigation: NavigationEntry[] = [
  { label: "Home", to: "/", icon: House },
  { label: "Dashboard", to: "/dashboard", icon: LayoutDashboard },
  // Navigation of this app goes above this line.
]

/** The table of an entry, for whoever counts or reads its records. */
export function sourceOf({ table, access }: NavigationEntry): { table: string; access?: Access } | undefined {
  return table === undefined ? undefined : { table, access }
}

const shellPages = new Set(["/", "/dashboard"])

/** The entries this app added to the shell. */
export const appEntries = navigation.filter((entry) => !shellPages.has(entry.to))
