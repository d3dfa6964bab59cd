import { x } from "./x"
console.log(x)
