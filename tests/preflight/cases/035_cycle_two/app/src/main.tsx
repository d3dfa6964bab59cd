import { b } from "./x"
console.log(b)
