import { a } from "./x"
document.title = a
