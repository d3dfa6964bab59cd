import { T } from "./a"
export { T }
