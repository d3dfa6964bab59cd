import { total } from "./total"

export function Home() {
  return <p>{total([1, 2])}</p>
}
