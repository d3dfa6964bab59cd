import { z } from "./a"
import { z as y } from "./a"
console.log(z, y)
