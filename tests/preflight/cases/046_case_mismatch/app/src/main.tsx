import { a } from "./A"
document.title = a
