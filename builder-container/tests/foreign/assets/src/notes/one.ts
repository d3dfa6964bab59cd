export const text = "first note"
