import E from "./e"
export const x: E = 1
