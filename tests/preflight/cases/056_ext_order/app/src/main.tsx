import { a } from "./o"
console.log(a)
