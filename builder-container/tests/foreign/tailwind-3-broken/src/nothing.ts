export const nothing = ""
