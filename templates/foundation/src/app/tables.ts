/** The app's tables, as the database has them. `define_tables` writes this file; it is not changed by hand. */
export interface Tables {}

/** Those of which the app hears when somebody changes their rows. */
export const realtimeTables: readonly string[] = []
