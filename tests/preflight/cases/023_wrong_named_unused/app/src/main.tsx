import { b } from "./a"
