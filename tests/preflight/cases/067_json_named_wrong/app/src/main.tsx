import { z } from "./d.json"
console.log(z)
