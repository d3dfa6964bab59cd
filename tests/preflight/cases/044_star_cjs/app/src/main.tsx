import { useStat } from "./x"
console.log(useStat)
