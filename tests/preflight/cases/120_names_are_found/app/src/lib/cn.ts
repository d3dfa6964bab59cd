export const cn = (x: unknown) => String(x)
