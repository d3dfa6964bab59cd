import { entries } from "./entries"

export const menuTitle = "Menu"

export function Menu() {
  return <ul>{entries.map((entry) => <Item key={entry} />)}</ul>
}
