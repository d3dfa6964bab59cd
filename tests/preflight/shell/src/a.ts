export const a = "a"
export type T = string
