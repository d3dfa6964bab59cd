import { A } from "./nope"
