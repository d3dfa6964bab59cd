export { b } from "./y"
