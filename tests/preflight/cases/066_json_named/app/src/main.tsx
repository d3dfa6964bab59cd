import { a } from "./d.json"
console.log(a)
