export * from "./a"
