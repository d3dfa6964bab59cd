import { a } from "./c.mjs"
document.title = a
