export * from "./a"
export * from "./y"
