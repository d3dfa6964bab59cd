import { a } from "./a?x=1"
console.log(a)
