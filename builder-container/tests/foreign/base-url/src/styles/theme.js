export const theme = { color: "teal" }
