import { b } from "./c.js"
document.title = b
