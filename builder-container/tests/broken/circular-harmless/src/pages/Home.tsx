import { List } from "./List"
import type { Entry } from "./Types"

export function format(entry: Entry) {
  return entry.name.toUpperCase()
}

export function Home() {
  return <List />
}
