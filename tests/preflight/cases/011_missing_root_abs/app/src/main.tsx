import { a } from "/src/nope"
document.title = a
