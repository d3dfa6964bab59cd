import { a } from "./s.module.css"
console.log(a)
