import { z } from "./s.module.css"
console.log(z)
