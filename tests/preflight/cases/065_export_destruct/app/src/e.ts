export const { E, x: [F] } = { E: 1, x: [2] }
