// An app's tables, as its owner makes them, looks at them and drops them; over each back end.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { createClient } from "@supabase/supabase-js";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const title = { name: "title", type: "text", nullable: false };
const whole = (column) => ({ nullable: true, default: null, enum: null, unique: false, index: false, references: null, on_delete: null, ...column });

for (const backend of ["pglite", "postgres"]) {
  describe(`over ${backend}`, () => {
    let stack;
    let app;
    let database;

    const define = (tables, headers) => app.api("POST", "/tables", { tables }, headers);
    const defined = async (tables) => {
      const answer = await define(tables);
      assert.equal(answer.status, 200, answer.text);
      return answer.body.tables;
    };

    before(async () => {
      stack = await startStack({ env: { OVERSKILL_DATA: backend } });
      app = await App.create(stack, "what can you do?");
      const { url, secret_key } = stack.shard();
      database = createClient(url, secret_key, { auth: { persistSession: false, autoRefreshToken: false } });
    });

    after(async () => {
      app?.close();
      await stack?.stop();
    });

    test("an app has none at first", async () => {
      assert.deepEqual(await app.get("/tables"), { tables: [], next_cursor: null, usage: null });
      assertProblem(await app.api("GET", "/tables/recipes/rows"), "not_found", /no such table/);
      assertProblem(await app.api("DELETE", "/tables/recipes"), "not_found", /no such table/);
    });

    test("tables are made, and grow", async () => {
      const recipes = { name: "recipes", columns: [title, { name: "book", type: "uuid", references: "books" }] };
      const made = await defined([recipes, { name: "books", access: "app_read" }]);
      assert.deepEqual(made, [
        { name: "books", access: "app_read", columns: [], realtime: false },
        { name: "recipes", access: "owner", columns: [whole(title), whole({ name: "book", type: "uuid", references: "books", index: false, on_delete: "cascade" })], realtime: false },
      ]);
      assert.deepEqual(await defined([recipes]), [made[1]], "done again, it is the same");
      const [grown] = await defined([{ name: "recipes", columns: [{ name: "minutes", type: "integer" }] }]);
      assert.deepEqual(grown.columns.map(({ name }) => name), ["title", "book", "minutes"]);
      const first = await app.get("/tables?limit=1");
      assert.deepEqual(first.tables.map(({ name }) => name), ["books"]);
      const second = await app.get(`/tables?limit=1&cursor=${first.next_cursor}`);
      assert.deepEqual([second.tables.map(({ name }) => name), second.next_cursor], [["recipes"], null]);
    });

    test("a call with an idempotency key is done once", async () => {
      const headers = { "idempotency-key": `tables-${randomUUID()}` };
      const one = await define([{ name: "notes" }], headers);
      assert.equal(one.status, 200, one.text);
      assert.equal((await app.api("DELETE", "/tables/notes")).status, 204);
      const again = await define([{ name: "notes" }], headers);
      assert.deepEqual([again.status, again.body], [200, one.body]);
      assertProblem(await app.api("GET", "/tables/notes/rows"), "not_found");
    });

    test("what is no table is refused with what to do, and nothing is changed", async () => {
      const before = await app.get("/tables");
      for (const [tables, kind, code, says] of [
        [[{ name: "Recipes" }], "unprocessable", "42602", /lower-case letter/],
        [[{ name: "a'; drop table platform.apps; --" }], "unprocessable", "42602", /lower-case/],
        [[{ name: "extra" }, { name: "recipes", columns: [{ name: "id", type: "text" }] }], "unprocessable", "42939", /by itself/],
        [[{ name: "extra", columns: [{ name: "a", type: "varchar" }] }], "unprocessable", "42704", /There is: text/],
        [[{ name: "extra", columns: [{ name: "a", type: "uuid", references: "cooks" }] }], "unprocessable", "42P01", /no such table/],
        [[{ name: "extra", acces: "owner" }], "unprocessable", "22023", /It has: name, access, columns/],
        [[{ name: "extra" }, { name: "recipes", access: "public_read" }], "conflict", "0A000", /copy the rows/],
        [[{ name: "recipes", columns: [{ name: "minutes", type: "text" }] }], "conflict", "0A000", /another name/],
        [[{ name: "extra", columns: Array.from({ length: 201 }, (_, n) => ({ name: `c${n}`, type: "text" })) }], "too_large", "54011", /limit 200/],
      ]) {
        assert.equal(assertProblem(await define(tables), kind, says).code, code);
      }
      for (const body of [{}, { tables: [] }, { tables: {} }, { tables: ["recipes"] }, { tables: Array(101).fill({ name: "a" }) }, { tables: [{ name: "a" }], more: 1 }]) {
        assertProblem(await app.api("POST", "/tables", body), "invalid", /tables|more/);
      }
      assert.deepEqual(await app.get("/tables"), before);
    });

    test("its rows are listed, the newest first", async () => {
      const table = `app_${app.id}_recipes`;
      const visitor = createClient(stack.shard().url, stack.shard().publishable_key, { auth: { persistSession: false, autoRefreshToken: false } });
      const person = await visitor.auth.signUp({ email: "cook@example.com", password: "correct horse battery staple" });
      assert.equal(person.error, null);
      const row = (title) => ({ title, user_id: person.data.user.id });
      // In one statement, all get the same time.
      assert.equal((await database.from(table).insert(["a", "b", "c"].map(row))).error, null);
      assert.equal((await database.from(table).insert(row("newest"))).error, null);
      const seen = [];
      let cursor = "";
      for (let page = 0; page < 3; page += 1) {
        const { rows, next_cursor } = await app.get(`/tables/recipes/rows?limit=2&cursor=${encodeURIComponent(cursor)}`);
        seen.push(...rows);
        if (next_cursor === null) break;
        cursor = next_cursor;
      }
      assert.equal(seen[0].title, "newest");
      assert.deepEqual(seen.map(({ title }) => title).sort(), ["a", "b", "c", "newest"]);
      assert.deepEqual(Object.keys(seen[0]).sort(), ["book", "created_at", "id", "minutes", "title", "updated_at", "user_id"]);
      for (const name of ["platform", "recipes?select=id", "recipes;", "..%2Fbooks", "auth.users", "Recipes"]) {
        assertProblem(await app.api("GET", `/tables/${encodeURIComponent(name)}/rows`), "not_found");
      }
      const forged = Buffer.from(`rows/x",or(id.neq."`).toString("base64url");
      for (const wrong of [forged, "x"]) assertProblem(await app.api("GET", `/tables/recipes/rows?cursor=${wrong}`), "invalid", /cursor/);
    });

    test("a database that ended is there again, with what it had", async () => {
      const killed = stack.dataPid;
      process.kill(killed, "SIGKILL");
      await until("the database to be started again", () => stack.dataPid !== undefined && stack.dataPid !== killed);
      await until("it to answer", async () => (await app.api("GET", "/tables")).status === 200);
      assert.equal((await app.get("/tables/recipes/rows")).rows.length, 4);
    });

    test("an app that is deleted takes its tables along, if not at once", async () => {
      const other = await App.create(stack, "what can you do?");
      other.close();
      // The pool was told that the database had ended, and looks again after two seconds.
      await until("new apps to be taken again", async () => {
        const answer = await other.api("POST", "/tables", { tables: [{ name: "recipes" }] });
        if (answer.status !== 200) assertProblem(answer, "unavailable", /does not answer/);
        return answer.status === 200;
      });
      const described = async (id) => (await database.rpc("describe_app", { p_app_id: id })).data;
      assert.equal((await described(other.id)).length, 1);
      process.kill(stack.dataPid, "SIGKILL");
      assert.equal((await stack.api("DELETE", `/v1/apps/${other.id}`)).status, 204);
      assertProblem(await other.api("GET", "/tables"), "not_found");
      await until("its tables to go", async () => (await described(other.id))?.length === 0);
      assert.equal((await database.from(`app_${other.id}_recipes`).select()).error.code, "PGRST205");
      assert.equal((await app.get("/tables/recipes/rows")).rows.length, 4, "another app's stay");
      assertNoPanic(stack);
      const { secret_key, jwt_secret } = stack.shard();
      for (const log of ["dev", "worker", "data"]) {
        for (const secret of [secret_key, jwt_secret]) assert.ok(!stack.log(log).includes(secret), `a key in the log of ${log}`);
      }
    });
  });
}

describe("without a database", () => {
  test("it is said that there is none", async () => {
    const stack = await startStack({ env: { OVERSKILL_DATA: "off" } });
    const app = await App.create(stack, "what can you do?");
    assertProblem(await app.api("GET", "/tables"), "unavailable", /SUPABASE_URL/);
    assertProblem(await app.api("POST", "/tables", { tables: [{ name: "a" }] }), "unavailable", /SUPABASE_URL/);
    assert.equal((await app.api("DELETE", "")).status, 204);
    app.close();
    await stack.stop();
  });
});
