import "./nope"
export type q = number
