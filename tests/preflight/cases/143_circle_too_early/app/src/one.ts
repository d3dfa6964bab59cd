import { two } from "./two"
export const one = "one"
export const start = () => console.log(two)
