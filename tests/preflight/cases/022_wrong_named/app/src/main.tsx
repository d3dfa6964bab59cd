import { b } from "./a"
document.title = b
