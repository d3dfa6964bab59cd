import type x from "left-pad"
export const y: x = 1
