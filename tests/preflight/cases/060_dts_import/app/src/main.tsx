import { E } from "./e"
console.log(E)
