import { two } from "./two"
export type One = { two: unknown }
export const start = (one: One) => console.log(one, two, () => import("./two"))
