import { q } from "./nope"
const x = {
