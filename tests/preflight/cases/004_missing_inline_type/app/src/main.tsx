import { type A } from "./nope"
export const x: A = 1
