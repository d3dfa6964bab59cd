import { readFileSync } from "fs"
document.title = readFileSync("x")
