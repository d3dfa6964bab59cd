import { a } from "./c"
document.title = a
