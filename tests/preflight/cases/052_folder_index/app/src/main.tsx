import { a } from "./f"
console.log(a)
