// The migrations of a shard, applied in their order: each in one transaction with its row in the ledger. What was applied is not applied
// again, and must not have changed since. The one way in which any database gets them: a project's, one on this machine, one of a test.
//
// A database here is `{execute(text), query(text)}`: several statements, and one that gives rows.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const FOLDER = path.join(import.meta.dirname, "../../../src/data/migrations");
const LEDGER = fs.readFileSync(path.join(import.meta.dirname, "ledger.sql"), "utf8");
/** A file is a transaction in itself, so that it can be read, judged and tried alone. The applier puts its own words behind "begin;". */
const FRAME = /^(?:--[^\n]*\n|\s)*begin;\n([\s\S]*)\ncommit;\s*$/;
const LOCK = "select pg_advisory_xact_lock(7000000006);";
const UNIQUE_VIOLATION = "23505";

/**
 * The migrations in a folder, in their order: `{version, name, sha256, text}`.
 * @throws when a file is none, or two have the same version
 */
export function readMigrations(folder = FOLDER) {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".sql")).sort();
  return names.map((name, index) => {
    const [, version] = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(name) ?? [];
    if (!version) throw new Error(`${name} is no name of a migration: four digits, "_", lower-case letters, ".sql"`);
    if (names[index - 1]?.startsWith(version)) throw new Error(`${names[index - 1]} and ${name} have the same version: give the newer one the next free number`);
    const text = fs.readFileSync(path.join(folder, name), "utf8");
    if (!FRAME.test(text)) throw new Error(`${name} must begin with "begin;" and end with "commit;", each on a line of its own: it is applied in one transaction`);
    return { version: Number(version), name, sha256: createHash("sha256").update(text).digest("hex"), text };
  });
}

/** What the ledger says; nothing where there is none. */
async function ledger(database) {
  const [{ there }] = await database.query("select to_regclass('platform.migrations') is not null as there");
  return there ? await database.query("select version::int as version, name, sha256 from platform.migrations order by version") : [];
}

/**
 * Which of the migrations a database does not have yet.
 * @throws when it has one that is another here, one that is not here, or one that comes after one that it does not have
 */
export async function pending(database, migrations = readMigrations()) {
  return missing(await ledger(database), migrations);
}

/** The same, of what a ledger says. */
export function missing(rows, migrations = readMigrations()) {
  const applied = new Map(rows.map((row) => [row.version, row]));
  const newest = Math.max(0, ...applied.keys());
  const known = new Set(migrations.map(({ version }) => version));
  for (const { version, name } of applied.values()) {
    if (!known.has(version)) throw new Error(`the database has ${name}, which this checkout does not have: it was migrated by a newer one; use that, or a newer one still`);
  }
  const left = [];
  for (const migration of migrations) {
    const row = applied.get(migration.version);
    if (!row && migration.version < newest) {
      throw new Error(`${migration.name} was not applied, and one that comes after it was: give it the next free number. A database on this machine is made anew by \`cargo xtask dev --fresh\``);
    }
    if (row && row.sha256 !== migration.sha256) {
      throw new Error(`${migration.name} was applied when it was another file (${row.name}, sha256 ${row.sha256.slice(0, 12)}…; here ${migration.sha256.slice(0, 12)}…): put it back as it was, and what is new into a new file. A database on this machine is made anew by \`cargo xtask dev --fresh\``);
    }
    if (!row) left.push(migration);
  }
  return left;
}

/**
 * Brings a database to the newest migration.
 * @returns those that were applied now
 * @throws as `pending` does, and when one fails: then nothing of it was done
 */
export async function migrate(database, migrations = readMigrations()) {
  await transaction(database, LEDGER, "the ledger");
  const applied = [];
  for (;;) {
    const [next] = await pending(database, migrations);
    if (!next) return applied;
    const [, body] = FRAME.exec(next.text);
    const row = `insert into platform.migrations (version, name, sha256) values (${next.version}, '${next.name}', '${next.sha256}');`;
    try {
      await transaction(database, `begin;\n${LOCK}\n${row}\n${body}\ncommit;`, next.name);
      applied.push(next);
    } catch (error) {
      // Somebody else has applied it while this waited. What the ledger says now decides.
      const code = error.cause?.code;
      const isThere = code === UNIQUE_VIOLATION && (await ledger(database)).some(({ version }) => version === next.version);
      if (!isThere) throw error;
    }
  }
}

async function transaction(database, text, name) {
  try {
    await database.execute(text);
  } catch (error) {
    await database.execute("rollback");
    throw new Error(`${name} could not be applied: ${error.message}`, { cause: error });
  }
}
