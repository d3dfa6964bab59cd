import { a } from "src/a"
console.log(a)
