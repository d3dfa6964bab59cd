// The migrations and their ledger: applied in their order, once, and never again in another shape; over each back end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { PGlite } from "@electric-sql/pglite";
import postgres from "postgres";

import { migrate, pending, readMigrations } from "../../xtask/local/data/migrate.mjs";
import { client, service } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const LOCAL = path.join(import.meta.dirname, "../../xtask/local/data");
// What is there before any migration: of the authorization, what they refer to.
const EMPTY = `${fs.readFileSync(path.join(LOCAL, "hosted.sql"), "utf8")}; create table auth.users (id uuid primary key, email text);`;
const OURS = readMigrations();

/** A folder with these files. */
function folder(files) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-migrations-"));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(made, name), text);
  return made;
}
const framed = (body) => `-- What it is.\n\nbegin;\n${body}\ncommit;\n`;
const read = (files) => {
  const made = folder(files);
  try {
    return readMigrations(made);
  } finally {
    fs.rmSync(made, { recursive: true });
  }
};

test("a file that is no migration is refused before anything is done", () => {
  assert.ok(OURS.length > 0);
  assert.deepEqual(OURS.map(({ version }) => version), OURS.map(({ version }) => version).sort((one, other) => one - other));
  for (const { sha256 } of OURS) assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.throws(() => read({ "1_first.sql": framed("select 1;") }), /1_first\.sql is no name/);
  assert.throws(() => read({ "0001_a.sql": framed("select 1;"), "0001_b.sql": framed("select 1;") }), /0001_a\.sql and 0001_b\.sql have the same version/);
  for (const text of ["select 1;", "begin;\nselect 1;", "select 1;\ncommit;", "select 2;\nbegin;\nselect 1;\ncommit;"]) {
    assert.throws(() => read({ "0001_a.sql": text }), /must begin with "begin;"/, text);
  }
});

for (const backend of ["postgres", "pglite"]) {
  describe(`over ${backend}`, () => {
    let shard;
    let number = 0;
    const opened = [];

    before(async () => {
      if (backend === "postgres") shard = await startShard("postgres");
    });
    after(async () => {
      for (const close of opened) await close();
      await shard?.stop();
    });

    /** A way into an empty database, and another one into the same. */
    const empty = async () => {
      if (backend === "pglite") {
        const lite = await PGlite.create();
        opened.push(() => lite.close());
        await lite.exec(EMPTY);
        const database = { execute: (text) => lite.exec(text), query: async (text) => (await lite.query(text)).rows };
        return [database, database];
      }
      const name = `empty_${number += 1}`;
      await shard.sql.unsafe(`create database ${name}`);
      const url = new URL(shard.db);
      url.pathname = `/${name}`;
      const ways = [1, 2].map(() => {
        const sql = postgres(url.href, { max: 1, onnotice() {} });
        opened.push(() => sql.end({ timeout: 1 }));
        return { execute: (text) => sql.unsafe(text).simple(), query: async (text) => [...await sql.unsafe(text)], url: url.href };
      });
      await ways[0].execute(EMPTY);
      return ways;
    };
    const ledger = (database) => database.query("select version::int as version, name, sha256 from platform.migrations order by version");

    test("ours are applied in their order, each once, and the ledger has them", async () => {
      const [database] = await empty();
      assert.deepEqual(await pending(database), OURS, "looking makes nothing");
      assert.deepEqual(await database.query("select to_regnamespace('platform') as there"), [{ there: null }]);
      assert.deepEqual(await migrate(database), OURS);
      assert.deepEqual(await ledger(database), OURS.map(({ version, name, sha256 }) => ({ version, name, sha256 })));
      const when = await database.query("select applied_at from platform.migrations");
      assert.deepEqual([await migrate(database), await pending(database)], [[], []]);
      assert.deepEqual(await database.query("select applied_at from platform.migrations"), when, "none was applied again");
    });

    test("one that fails leaves nothing, and is applied when it was mended", async () => {
      const [database] = await empty();
      const first = { "0001_a.sql": framed("create table public.a (n integer);") };
      const broken = { ...first, "0002_b.sql": framed("create table public.b (n integer);\nselect 1 / 0;") };
      await assert.rejects(migrate(database, read(broken)), /0002_b\.sql could not be applied: division by zero/);
      assert.deepEqual(await database.query("select to_regclass('public.b') as b"), [{ b: null }]);
      assert.deepEqual((await ledger(database)).map(({ version }) => version), [1]);
      const mended = read({ ...first, "0002_b.sql": framed("create table public.b (n integer);") });
      assert.deepEqual((await migrate(database, mended)).map(({ version }) => version), [2]);
    });

    test("a violation of the migration's own is no sign that somebody else has applied it", async () => {
      const [database] = await empty();
      const twice = read({ "0001_a.sql": framed("create table public.a (n integer primary key);\ninsert into public.a values (1), (1);") });
      await assert.rejects(migrate(database, twice), /0001_a\.sql could not be applied: duplicate key/);
    });

    test("what does not go together with what was applied is refused with what to do", async () => {
      const [database] = await empty();
      const [a, b, c] = ["a", "b", "c"].map((table, n) => [`000${n + 1}_${table}.sql`, framed(`create table public.${table} (n integer);`)]);
      await migrate(database, read(Object.fromEntries([a, c])));
      for (const [files, says] of [
        [[[a[0], framed("create table public.a (n bigint);")], c], /0001_a\.sql was applied when it was another file.*put it back.*--fresh/],
        [[["0001_other.sql", framed("select 1;")], c], /0001_other\.sql was applied when it was another file \(0001_a\.sql/],
        [[a], /the database has 0003_c\.sql, which this checkout does not have/],
        [[a, b, c], /0002_b\.sql was not applied, and one that comes after it was: give it the next free number/],
      ]) {
        const migrations = read(Object.fromEntries(files));
        await assert.rejects(pending(database, migrations), says);
        await assert.rejects(migrate(database, migrations), says);
      }
      assert.deepEqual(await database.query("select to_regclass('public.b') as b"), [{ b: null }]);
    });

    if (backend === "postgres") {
      // PGlite has one session, and so one applier.
      test("two who apply at once are one", async () => {
        const ways = await empty();
        const migrations = read({ "0001_a.sql": framed("create table public.a (n integer);\nselect pg_sleep(0.3);"), "0002_b.sql": framed("create table public.b (n integer);") });
        const applied = await Promise.all(ways.map((database) => migrate(database, migrations)));
        assert.deepEqual(applied.flat().map(({ version }) => version).sort(), [1, 2]);
        assert.equal((await ledger(ways[0])).length, 2);
      });

      const command = (url, ...options) =>
        new Promise((resolve) => {
          const child = spawn(process.execPath, [path.join(LOCAL, "apply.mjs"), ...options], { env: { ...process.env, SUPABASE_DB_URL: url } });
          let text = "";
          for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += part));
          child.once("exit", (status) => resolve({ status, text }));
        });

      test("the operator's command says what it would do, does it, and says what is there", async () => {
        const [{ url }] = await empty();
        const [look, done, again, quiet] = [await command(url, "--check"), await command(url), await command(url), await command(url, "--check")];
        assert.deepEqual([look, done, again, quiet].map(({ status }) => status), [1, 0, 0, 0], look.text + done.text);
        for (const { name, sha256 } of OURS) {
          const line = (text, state) => assert.match(text, new RegExp(`${name} +${sha256.slice(0, 12)}  ${state}`));
          line(look.text, "would be applied");
          line(done.text, "applied");
          line(again.text, "was there");
          line(quiet.text, "was there");
        }
      });

      test("what is wrong with the way into a database is told without its password", async () => {
        const wrong = new URL(shard.db);
        wrong.password = "opensesame%25";
        const closed = new URL(wrong);
        closed.port = "1";
        for (const [url, says] of [[wrong.href, /password authentication failed/], [closed.href, /ECONNREFUSED/], ["not an address", /postgres:\/\/USER/]]) {
          const { status, text } = await command(url);
          assert.equal(status, 2, text);
          assert.match(text, says);
          assert.ok(!text.includes("opensesame"), text);
        }
      });

      test("a shard tells whoever has the secret key, and nobody else, what was applied", async () => {
        const { data, error } = await service(shard).rpc("applied_migrations");
        assert.equal(error, null, JSON.stringify(error));
        assert.deepEqual(data.map(({ version, name, sha256 }) => ({ version, name, sha256 })), OURS.map(({ version, name, sha256 }) => ({ version, name, sha256 })));
        for (const { applied_at } of data) assert.ok(Math.abs(Date.now() - Date.parse(applied_at)) < 600_000, applied_at);
        assert.equal((await client(shard).rpc("applied_migrations")).error.code, "42501");
      });
    }
  });
}
