export const label = "labelled"
