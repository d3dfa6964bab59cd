type A = 1
type A = 2
export const x: A = 1
