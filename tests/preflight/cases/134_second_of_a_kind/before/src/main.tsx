import { z } from "./a"
console.log(z)
