import { start } from "./one"
start()
