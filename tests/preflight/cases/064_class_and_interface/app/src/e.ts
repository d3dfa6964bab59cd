export interface E {}
export const E = 1
