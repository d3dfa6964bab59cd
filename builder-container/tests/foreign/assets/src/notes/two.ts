export const text = "second note"
