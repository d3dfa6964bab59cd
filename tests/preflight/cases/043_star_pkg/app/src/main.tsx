import { Housee } from "./x"
console.log(Housee)
