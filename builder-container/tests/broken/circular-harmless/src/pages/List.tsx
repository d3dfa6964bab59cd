import { format } from "./Home"

export function List() {
  return <p>{format({ name: "a", list: List })}</p>
}
