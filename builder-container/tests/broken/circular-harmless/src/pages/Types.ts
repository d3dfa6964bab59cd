import type { List } from "./List"
import type { Home } from "./Home"

export type Entry = { name: string; list: typeof List; home?: typeof Home }
