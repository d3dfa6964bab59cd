export * from "./a"
export * from "./a2"
