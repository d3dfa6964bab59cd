import type { q } from "./x"
export const z: q = 1
