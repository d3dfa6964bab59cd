export const stamp = () => ({ name: "stamp" })
