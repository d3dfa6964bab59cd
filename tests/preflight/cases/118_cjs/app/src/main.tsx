import { a } from "./c.cjs"
document.title = a
