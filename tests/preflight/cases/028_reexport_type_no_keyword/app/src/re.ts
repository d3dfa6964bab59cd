export { T } from "./a"
