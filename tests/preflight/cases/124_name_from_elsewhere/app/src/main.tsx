import { useState, Link, cn } from "./a"
console.log(useState, Link, cn)
