import { b } from "./f/"
console.log(b)
