export const other = (
