export const other = {{
