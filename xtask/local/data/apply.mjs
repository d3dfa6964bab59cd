// `cargo xtask migrate`: brings the database that SUPABASE_DB_URL names to the newest migration; with `--check`, says what that would do.
import { parseArgs } from "node:util";

import postgres from "postgres";

import { migrate, pending, readMigrations } from "./migrate.mjs";

const { values: { check } } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const address = process.env.SUPABASE_DB_URL ?? "";
/** What an error says, which may quote the address, without the password. */
const said = (error) => {
  let password;
  try {
    ({ password } = new URL(address));
  } catch {
    return "the address is no address: postgres://USER:PASSWORD@HOST:PORT/DATABASE, each part percent-encoded";
  }
  const text = [error.message, error.cause?.detail, error.cause?.hint].filter(Boolean).join(" ") || error.code || String(error);
  return password ? text.replaceAll(password, "…").replaceAll(decodeURIComponent(password), "…") : text;
};

let sql;
try {
  const { hostname } = new URL(address);
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  // One connection, and none that a pooler hands to somebody else between two statements: what is prepared there is not found again.
  sql = postgres(address, { max: 1, prepare: false, connect_timeout: 15, onnotice() {}, ...(!isHere && { ssl: "require" }) });
  const database = { execute: (text) => sql.unsafe(text).simple(), query: (text) => sql.unsafe(text) };
  const migrations = readMigrations();
  const done = check ? await pending(database, migrations) : await migrate(database, migrations);
  for (const migration of migrations) {
    const state = !done.includes(migration) ? "was there" : check ? "would be applied" : "applied";
    console.log(`${migration.name.padEnd(32)} ${migration.sha256.slice(0, 12)}  ${state}`);
  }
  // As a check in a script: whether there is something to do.
  if (check && done.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`error: ${said(error)}`);
  process.exitCode = 2;
} finally {
  await sql?.end({ timeout: 1 });
}
