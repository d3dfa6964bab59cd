import { other } from "./Other"
import pad from "left-pad"
export function Home() {
  return <p>{other}{pad}</p>
}
