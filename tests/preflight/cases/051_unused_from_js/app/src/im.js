import { q } from "./a"
