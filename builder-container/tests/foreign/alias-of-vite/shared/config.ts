export const name = "configured"
