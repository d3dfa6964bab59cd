export const database = { from: (table: string) => table }
