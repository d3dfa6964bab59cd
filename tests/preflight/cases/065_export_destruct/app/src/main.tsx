import { E, F } from "./e"
console.log(E, F)
