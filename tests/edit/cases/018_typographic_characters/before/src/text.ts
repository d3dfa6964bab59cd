export const text = "It’s done – really";
