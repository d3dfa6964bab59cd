export * from "./y"
