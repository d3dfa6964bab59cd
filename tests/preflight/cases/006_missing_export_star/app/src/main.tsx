export * from "./nope"
