import { a } from "./Lib/x"
document.title = a
