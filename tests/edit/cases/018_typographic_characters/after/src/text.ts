export const text = "Done";
