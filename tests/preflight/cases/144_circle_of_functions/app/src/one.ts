import { two } from "./two"
import { three } from "./three"
export function one() {
  return "one"
}
export const later = "later"
export const start = () => console.log(two, three())
