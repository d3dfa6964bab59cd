import { a } from "./a"
import { a } from "./a"
console.log(a)
