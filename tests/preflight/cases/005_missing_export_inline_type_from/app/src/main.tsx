export { type A } from "./nope"
