export * from "./a"
export const a = 1
