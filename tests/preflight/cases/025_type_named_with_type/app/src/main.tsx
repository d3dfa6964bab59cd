import { type T } from "./a"
export const x: T = "1"
