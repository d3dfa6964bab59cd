// How many tables, rows and bytes an app may have; over each back end.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { client, person, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

for (const backend of ["postgres", "pglite"]) {
  describe(`over ${backend}`, () => {
    let shard;
    let admin;
    let cook;
    let number = 0;

    before(async () => {
      shard = await startShard(backend);
      admin = service(shard);
      cook = await person(shard, "cook@example.com");
      await shard.sql`update platform.settings set max_tables = 100`;
    });
    after(() => shard?.stop());

    const provision = (app, tables) => admin.rpc("provision_app", { p_app_id: app, p_tables: tables });
    /** An app with one table, and what it may have. */
    const made = async (quota) => {
      const app = `a${String((number += 1)).padStart(7, "0")}`;
      assert.equal((await provision(app, [{ name: "notes", columns: [{ name: "text", type: "text" }] }])).error, null);
      if (quota) await shard.sql`insert into platform.app_quotas ${shard.sql({ app_id: app, ...quota })}`;
      const notes = () => client(shard, token(shard, cook, app)).from(`app_${app}_notes`);
      return { app, notes, usage: async () => (await admin.rpc("app_usage", { p_app_id: app })).data };
    };
    const rows = (count, text = "x") => Array.from({ length: count }, () => ({ text }));
    const full = ({ error }, says, hint = /ask the operator/) => {
      assert.equal(error?.code, "54000", JSON.stringify(error));
      assert.match(error.message, says);
      assert.match(error.hint, hint);
    };

    test("what an app has and may have is told, by table", async () => {
      const { app, notes, usage } = await made();
      assert.equal((await provision(app, [{ name: "books" }])).error, null);
      assert.equal((await notes().insert(rows(30))).error, null);
      let told;
      for (let tries = 0; tries < 40 && told?.rows !== 30; tries += 1) {
        // The statistics hear of it when the connection is used again.
        await sleep(300);
        await notes().update({ text: "y" }).is("id", null);
        told = await usage();
      }
      const { bytes, by_table: [books, mine], ...rest } = told;
      assert.deepEqual(rest, { tables: 2, rows: 30, max_tables: 100, max_rows: 200_000, max_bytes: 268_435_456 });
      assert.deepEqual([books.name, books.rows, mine.name, mine.rows], ["books", 0, "notes", 30]);
      assert.ok(mine.bytes > 8_192 && books.bytes + mine.bytes === bytes, JSON.stringify(told));
      const none = (await admin.rpc("app_usage", { p_app_id: "nothing1" })).data;
      assert.deepEqual([none.tables, none.rows, none.bytes, none.by_table], [0, 0, 0, []]);
      assert.equal((await admin.rpc("app_usage", { p_app_id: "x" })).error.code, "22023");
      assert.equal((await client(shard, token(shard, cook, app)).rpc("app_usage", { p_app_id: app })).error.code, "42501");
    });

    test("a table too many is refused, with all that came with it", async () => {
      const { app, usage } = await made({ max_tables: 3 });
      assert.equal((await provision(app, [{ name: "a" }, { name: "b" }])).error, null);
      full(await provision(app, [{ name: "notes", columns: [{ name: "more", type: "text" }] }, { name: "c" }]), /more than 3 tables/);
      const { data } = await admin.rpc("describe_app", { p_app_id: app });
      assert.deepEqual(data.map(({ name, columns }) => [name, columns.length]), [["a", 0], ["b", 0], ["notes", 1]]);
      assert.equal((await provision(app, [{ name: "a", columns: [{ name: "more", type: "text" }] }])).error, null, "one that is there grows");
      await admin.rpc("drop_table", { p_app_id: app, p_table: "a" });
      assert.equal((await provision(app, [{ name: "c" }])).error, null);
      assert.equal((await usage()).tables, 3);
      const other = await made();
      full(await provision(other.app, Array.from({ length: 100 }, (_, n) => ({ name: `t${n}` }))), /more than 100 tables/);
      assert.equal((await provision(other.app, Array.from({ length: 99 }, (_, n) => ({ name: `t${n}` })))).error, null);
    });

    test("one statement inserts no more rows than there is room for, and then nothing of it", async () => {
      const { notes, usage } = await made({ max_rows: 50 });
      full(await notes().insert(rows(51)), /has 0 of 50 rows, and 51 more were to come/, /Delete rows/);
      assert.equal((await notes().select("*", { count: "exact", head: true })).count, 0);
      assert.equal((await notes().insert(rows(50))).error, null, "what was refused does not count");
      assert.equal((await usage()).max_rows, 50);
    });

    test("rows in many statements come to an end, and there is room again when some are deleted", async () => {
      const { notes } = await made({ max_rows: 50 });
      const fill = async () => {
        for (let count = 0; count < 200; count += 1) {
          const answer = await notes().insert(rows(10));
          if (answer.error) return answer;
          // As fast as this a person does not go on; the statistics come after.
          await sleep(300);
        }
        throw new Error("there was no end");
      };
      full(await fill(), /of 50 rows/, /Delete rows/);
      const { count } = await notes().select("*", { count: "exact", head: true });
      assert.ok(count >= 50 && count <= 50 + 10 * 45, `${count} rows`);
      await notes().delete().not("id", "is", null);
      for (let tries = 0; ; tries += 1) {
        await sleep(500);
        const { error } = await notes().insert(rows(1));
        if (!error) break;
        assert.ok(tries < 40, "there is no room again");
      }
    });

    test("bytes come to an end, whether they are inserted or changed, and reading and deleting goes on", async () => {
      const { app, notes } = await made({ max_bytes: 600_000 });
      // What does not compress.
      const noise = () => Array.from({ length: 4_000 }, () => Math.random().toString(36).slice(2, 8)).join("");
      const { data: [first], error } = await notes().insert([{ text: noise() }]).select("id");
      assert.equal(error, null);
      let answer;
      for (let count = 0; count < 100 && !answer?.error; count += 1) {
        answer = await notes().insert(rows(4, noise()));
        await sleep(100);
      }
      full(answer, /takes \d+ of 600000 bytes/, /Drop tables/);
      full(await notes().update({ text: noise() }).eq("id", first.id), /takes \d+ of 600000 bytes/);
      assert.equal((await notes().select("id").eq("id", first.id)).data.length, 1);
      assert.equal((await notes().delete().eq("id", first.id)).error, null);
      assert.equal((await provision(app, [{ name: "more" }])).error, null);
      await shard.sql`update platform.app_quotas set max_bytes = null where app_id = ${app}`;
      assert.equal((await notes().insert(rows(1))).error, null, "the operator gave it more");
    });

    // PGlite has one session, in which nobody waits for anybody.
    if (backend === "postgres") test("inserts do not wait for each other, nor for who measures or changes a table", async () => {
      const { app, notes } = await made();
      assert.equal((await notes().insert(rows(1))).error, null);
      assert.equal((await provision(app, [{ name: "more" }])).error, null);
      const { default: postgres } = await import("postgres");
      const other = postgres(shard.db, { max: 1, onnotice() {} });
      const due = `update platform.app_usage set due_at = '-infinity' where app_id = '${app}'`;
      for (const held of [due, `lock table public.app_${app}_more in access exclusive mode`]) {
        await shard.sql.unsafe(due);
        await other.unsafe(`begin; ${held}`).simple();
        // One that waits for the other is cancelled, which is an error.
        await shard.sql`select set_config('statement_timeout', '5000', false)`;
        await shard.sql.unsafe(`insert into public.app_${app}_notes (user_id) values ('${cook.id}')`);
        await other.unsafe("rollback");
      }
      await shard.sql`select set_config('statement_timeout', '0', false)`;
      await other.end();
    });

    test("every table of an app is watched, and what is kept of it goes with the app", async () => {
      const { app } = await made({ max_rows: 5 });
      const watched = await shard.sql`
        select t.app_id || '.' || t.name as name, (select array_agg(g.tgname::text order by 1) from pg_trigger g
          where g.tgrelid = to_regclass(format('public.%I', t.physical_name)) and g.tgname like 'quota%' and g.tgenabled = 'O') as triggers
        from platform.app_tables t`;
      assert.ok(watched.length > 10);
      for (const { name, triggers } of watched) assert.deepEqual(triggers, ["quota_of_bytes", "quota_of_rows"], name);
      while ((await admin.rpc("drop_app", { p_app_id: app })).data > 0);
      assert.equal((await shard.sql`select from platform.app_usage where app_id = ${app}`).length, 0);
      assert.equal((await shard.sql`select from platform.app_quotas where app_id = ${app}`).length, 0);
    });
  });
}
