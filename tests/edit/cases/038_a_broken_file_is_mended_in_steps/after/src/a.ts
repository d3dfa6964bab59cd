export const a = [1, 2]
export const b = 3
