import { a } from "./x"
console.log(a)
