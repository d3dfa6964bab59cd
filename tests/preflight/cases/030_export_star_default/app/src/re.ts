export * from "./d"
