export * from "./x"
export * from "./a"
