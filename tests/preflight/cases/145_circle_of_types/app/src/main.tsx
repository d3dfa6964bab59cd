import { start, type One } from "./one"
const one: One = { two: null }
start(one)
