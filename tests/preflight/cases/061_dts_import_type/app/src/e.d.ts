export type E = number
