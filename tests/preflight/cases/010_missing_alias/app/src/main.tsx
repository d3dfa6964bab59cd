import { a } from "@/nope"
document.title = a
