import { a } from "@/"
console.log(a)
