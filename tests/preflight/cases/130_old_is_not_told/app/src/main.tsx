// A line more.

import { a } from "./nope"
import { b } from "./other"
console.log(a, b)
