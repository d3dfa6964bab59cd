export { b } from "./x"
