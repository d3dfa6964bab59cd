import { t } from "./p.png"
console.log(t)
