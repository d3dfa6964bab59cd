import type { One } from "./one"
export const two: One = { two: 1 }
export const lazily = () => import("./main")
