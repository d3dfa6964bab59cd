// An app's data, as its owner takes it away and puts it back; over each back end.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";

import { startStack } from "../../xtask/local/harness.mjs";
import { startShard } from "../data/shard.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

const QUIET = { auth: { persistSession: false, autoRefreshToken: false } };
const TYPES = ["text", "integer", "bigint", "numeric", "double precision", "boolean", "uuid", "date", "time", "timestamptz", "jsonb", "text[]", "integer[]", "uuid[]"];
const name = (type) => `c_${type.replace(" ", "_").replace("[]", "_list")}`;
/** Values that are hard to write, one after the other, for each type. */
const HARD = {
  "text": ["", "null", "NULL", "a,b", "say \"hi\"", "two\nlines", "two\r\nlines\r", "ü 🙂 \u2028", " spaced ", "\\N", "back\\slash '", "'; drop table platform.apps; --", "\t", "=1+1", "\"", ","],
  "integer": [0, -2147483648, 2147483647],
  "bigint": ["9223372036854775807", "-9007199254740993"],
  "numeric": ["0.1", "12345678901234567890.123456789012345678901", "-0.00"],
  "double precision": [0.1, 1e300, -1.5e-10],
  "boolean": [true, false],
  "uuid": ["00000000-0000-4000-8000-000000000000"],
  "date": ["2026-02-28", "0001-01-01"],
  "time": ["23:59:59.999999", "00:00:00"],
  "timestamptz": ["2026-01-02T03:04:05.678901+05:30", "1999-12-31T23:59:59Z"],
  "jsonb": [{ a: [1, null, "x,\"y\"\n"] }, [], "text", 5, { "ü": "\\" }],
  "text[]": [[], ["a", "b, c", "\"", "", "null", "{}", "\\", "two\nlines"], [null, "a"]],
  "integer[]": [[], [1, null, -3]],
  "uuid[]": [["00000000-0000-4000-8000-000000000000"]],
};

for (const backend of ["pglite", "postgres"]) {
  describe(`over ${backend}`, () => {
    let stack;
    let app;
    let database;
    let person;

    before(async () => {
      stack = await startStack({ env: { OVERSKILL_DATA: backend } });
      app = await App.create(stack, "what can you do?");
      const { url, secret_key, publishable_key } = stack.shard();
      database = createClient(url, secret_key, QUIET);
      const { data, error } = await createClient(url, publishable_key, QUIET).auth.signUp({ email: "cook@example.com", password: "correct horse battery staple" });
      assert.equal(error, null);
      person = data.user.id;
    });

    after(async () => {
      app?.close();
      await stack?.stop();
    });

    const define = async (...tables) => {
      const answer = await app.api("POST", "/tables", { tables });
      assert.equal(answer.status, 200, answer.text);
    };
    const call = (method, path, body, headers) =>
      stack.request(`/v1/apps/${app.id}${path}`, { method, body, headers: { authorization: `Bearer ${stack.token}`, ...(body !== undefined && { "content-type": "text/csv" }), ...headers } });
    const exported = async (path) => {
      const { status, text, headers } = await call("GET", path);
      assert.equal(status, 200, text);
      return { text, type: headers["content-type"], file: headers["content-disposition"] };
    };
    const csv = async (table) => (await exported(`/tables/${table}/rows.csv`)).text;
    const imported = async (table, text, headers) => call("POST", `/tables/${table}/rows.csv`, text, headers);
    const put = async (table, text, wanted) => {
      const { status, text: said } = await imported(table, text);
      assert.deepEqual([status, JSON.parse(said)], [200, wanted]);
    };
    const rows = async (table) => (await database.from(`app_${app.id}_${table}`).select("*").order("id")).data;

    test("a table of every type goes out and comes back as it was, whatever is in it", async () => {
      const columns = TYPES.map((type) => ({ name: name(type), type }));
      await define({ name: "things", columns }, { name: "others", columns });
      const count = Math.max(...Object.values(HARD).map(({ length }) => length));
      const hard = Array.from({ length: count }, (_, n) => Object.fromEntries([["user_id", person], ...TYPES.map((type) => [name(type), HARD[type][n] ?? null])]));
      const values = hard.map((row) => ({ ...row, id: randomUUID() }));
      const head = ["id", "user_id", ...columns.map((column) => column.name)];
      const cell = (value) => (value === null ? "" : `"${(typeof value === "object" ? JSON.stringify(value) : String(value)).replaceAll("\"", "\"\"")}"`);
      const asJson = (row, column) => (column === name("jsonb") && row[column] !== null ? JSON.stringify(row[column]) : row[column]);
      const file = [head, ...values.map((row) => head.map((column) => cell(asJson(row, column))))].map((line) => line.join(",")).join("\r\n");
      await put("things", file, { inserted: count, updated: 0 });
      const before = await rows("things");
      assert.equal(before.length, count);
      for (const [n, row] of values.entries()) {
        const there = before.find(({ id }) => id === row.id);
        for (const type of ["text", "jsonb", "boolean", "uuid"]) assert.deepEqual(there[name(type)], row[name(type)], `${type}, ${n}`);
      }
      const out = await csv("things");
      // Over HTTP, null in a list is a word on this machine, and long numbers are rounded.
      for (const value of [...HARD["text[]"], ...HARD["integer[]"], ...HARD.numeric.slice(0, 2), ...HARD.bigint]) {
        const written = typeof value === "object" ? JSON.stringify(value).replaceAll(/,(?=[^ ])/g, ", ") : value;
        assert.ok(out.includes(written.replaceAll("\"", "\"\"")), written);
      }
      assert.ok(out.startsWith(`${[...head, "created_at", "updated_at"].join(",")}\r\n`), out.slice(0, 200));
      await put("others", out, { inserted: count, updated: 0 });
      assert.deepEqual(await rows("others"), before);
      assert.equal(await csv("others"), out, "to the byte");
      await put("others", out, { inserted: 0, updated: count });
      assert.deepEqual((await rows("others")).map(({ updated_at, ...row }) => row), before.map(({ updated_at, ...row }) => row), "sent again, it is the same");
    });

    test("nothing and empty, in JSON and in columns, are told apart", async () => {
      await define({ name: "nulls", columns: [{ name: "text", type: "text" }, { name: "more", type: "jsonb" }] });
      await put("nulls", `user_id,text,more\n${person},,\n${person},"",null\n${person},"null","""null"""\n`, { inserted: 3, updated: 0 });
      const lines = (await csv("nulls")).split("\r\n").slice(1, -1).map((line) => line.split(",").slice(2, 4).join(",")).sort();
      assert.deepEqual(lines, ["\"\",null", ",", "null,\"\"\"null\"\"\""]);
    });

    test("many rows go out piece by piece, each once, and come back part by part", async () => {
      await define({ name: "many", columns: [{ name: "n", type: "integer" }, { name: "text", type: "text" }] });
      const count = 2_500;
      const file = `user_id,n,text\n${Array.from({ length: count }, (_, n) => `${person},${n},"${`${n},`.repeat(150)}"`).join("\n")}`;
      assert.ok(file.length > 1_500_000 && file.length < 5 * 1024 * 1024);
      await put("many", file, { inserted: count, updated: 0 });
      const out = await csv("many");
      const numbers = [...out.matchAll(/^[0-9a-f-]{36},[0-9a-f-]{36},(\d+),/gm)].map(([, n]) => Number(n)).sort((one, other) => one - other);
      assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n));
      const [, ...lines] = out.trimEnd().split("\r\n");
      assert.deepEqual(lines, [...lines].sort(), "by id");
    });

    test("lines that cannot be put in are told, all of them, and what is around them is not put in", async () => {
      await define({ name: "strict", columns: [{ name: "n", type: "integer", nullable: false, unique: true }, { name: "state", type: "text", enum: ["a", "b"] }, { name: "other", type: "uuid", references: "things" }] });
      const nobody = randomUUID();
      const file = [
        "user_id,n,state,other", `${person},1,a,`, `${person},one,a,`, `${person},,a,`, `${person},2,"c\nd",`, `${person},1,a,`, `${nobody},3,a,`, `${person},4,b,${nobody}`, `${person},5,b,`,
      ].join("\n");
      const answer = await imported("strict", file);
      const { errors, inserted, updated } = assertProblem(answer, "unprocessable", /see `errors`/);
      assert.deepEqual(errors.map(({ line, code }) => [line, code]), [[3, "22P02"], [4, "23502"], [5, "23514"], [7, "23505"], [8, "23503"], [9, "23503"]]);
      assert.match(errors[4].message, /user_id.*not present/);
      assert.deepEqual([inserted, updated, await rows("strict")], [0, 0, []]);
      // A thousand good ones before it stay, and the file may be sent again.
      const good = Array.from({ length: 1_000 }, (_, n) => `${randomUUID()},${person},${n}`);
      const late = (last) => ["id,user_id,n", ...good, `,${person},${last}`].join("\n");
      const half = assertProblem(await imported("strict", late("x")), "unprocessable");
      assert.deepEqual([half.inserted, half.errors.map(({ line }) => line)], [1_000, [1_002]]);
      await put("strict", late("5000"), { inserted: 1, updated: 1_000 });
      const bad = ["user_id,n", ...Array.from({ length: 3_000 }, () => `${person},x`)].join("\n");
      assert.equal(assertProblem(await imported("strict", bad), "unprocessable").errors.length, 100);
      assert.equal((await rows("strict")).length, 1_000 + 1 - 1);
    });

    test("the same call is done once, also where rows have no id", async () => {
      await define({ name: "once", columns: [{ name: "n", type: "integer" }] });
      const headers = { "idempotency-key": `import-${randomUUID()}` };
      for (let again = 0; again < 2; again += 1) {
        const { status, text } = await imported("once", `user_id,n\n${person},1\n`, headers);
        assert.deepEqual([status, JSON.parse(text)], [200, { inserted: 1, updated: 0 }]);
      }
      assert.equal((await rows("once")).length, 1);
    });

    test("a row that is nobody's may be in a table of the server's alone", async () => {
      await define({ name: "settings", access: "server", columns: [{ name: "key", type: "text" }] });
      const nobody = randomUUID();
      await put("settings", `user_id,key\n${nobody},a\n,b\n${person},c\n`, { inserted: 3, updated: 0 });
      const users = Object.fromEntries((await rows("settings")).map(({ key, user_id }) => [key, user_id]));
      assert.deepEqual(users, { a: null, b: null, c: person });
      await put("settings", "key\nd\n", { inserted: 1, updated: 0 });
    });

    test("what is no file for this table is refused before anything is put in", async () => {
      await define({ name: "small", columns: [{ name: "n", type: "integer" }] });
      for (const [text, kind, says] of [
        [`user_id,n\n${person},1\n${person},"2\n`, "unprocessable", /line 3: a quote is opened/],
        [`user_id,n\n${person},1\n${person}\n`, "unprocessable", /line 3: there are 1 cells, and the first line has 2/],
        [`user_id,m\n${person},1\n`, "unprocessable", /no column "m".*id, user_id, n, created_at, updated_at/],
        [`user_id,n,n\n${person},1,2\n`, "unprocessable", /"n" twice/],
        [`user_id,n,"n; drop table x"\n${person},1,2\n`, "unprocessable", /no column "n; drop table x"/],
        ["n\n1\n", "unprocessable", /no column "user_id".*somebody's/],
        ["", "unprocessable", /no column "user_id"/],
        [new Uint8Array([0x6e, 0xff]), "invalid", /UTF-8/],
        ["x".repeat(5 * 1024 * 1024 + 1), "too_large", /5/],
      ]) {
        assertProblem(await imported("small", text), kind, says);
      }
      assert.deepEqual(await rows("small"), []);
      await put("small", "user_id,n\n", { inserted: 0, updated: 0 });
      for (const path of ["/tables/nothing/rows.csv", "/tables/small%3B/rows.csv", "/tables/..%2Fauth/rows.csv"]) {
        for (const method of ["GET", "POST"]) {
          const answer = await call(method, path, method === "POST" ? "user_id\n" : undefined);
          assert.equal(answer.status, 404, `${method} ${path}`);
        }
      }
    });

    test("all tables go out as SQL, and are the same in an empty database", async () => {
      await define({ name: "books", access: "team", columns: [{ name: "best", type: "uuid", references: "pages", on_delete: "set null" }] }, { name: "pages", columns: [{ name: "book", type: "uuid", references: "books" }, { name: "up", type: "uuid", references: "pages" }] });
      const [book, page, team] = [randomUUID(), randomUUID(), randomUUID()];
      await put("pages", `id,user_id,up\n${page},${person},${page}\n`, { inserted: 1, updated: 0 });
      await put("books", `id,user_id,team_id,best\n${book},${person},${team},${page}\n`, { inserted: 1, updated: 0 });
      const { text, type, file } = await exported("/tables.sql");
      assert.deepEqual([type, file], ["application/sql", `attachment; filename="${app.id}.sql"`]);
      const [, specs] = text.split("\n");
      const { tables } = await app.get("/tables?limit=200");
      assert.deepEqual(JSON.parse(specs.replace("-- ", "")), tables);
      const shard = await startShard("postgres");
      try {
        await shard.sql.unsafe("create database copy");
        const url = new URL(shard.db);
        url.pathname = "/copy";
        const copy = postgres(url.href, { max: 1, onnotice() {} });
        await copy.unsafe(text).simple();
        for (const { name: table } of tables) {
          const [there] = await copy.unsafe(`select coalesce(jsonb_agg(to_jsonb(t) order by id), '[]') as rows from "${table}" t`);
          const wanted = await rows(table);
          // As JavaScript reads them: the ways differ in how they write the same.
          const read = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => {
            if (value === null || key === name("jsonb")) return [key, value];
            if (["created_at", "updated_at", name("timestamptz")].includes(key)) return [key, Date.parse(value)];
            if (key === name("numeric")) return [key, Number(value)];
            return [key, Array.isArray(value) ? value.map((one) => one ?? "NULL") : value];
          }));
          assert.deepEqual(there.rows.map(read).slice(0, 1_000), wanted.map(read), table);
        }
        const [{ count }] = await copy`select count(*)::int from many`;
        assert.equal(count, 2_500);
        await assert.rejects(copy`update pages set book = ${randomUUID()}`, { code: "23503" });
        await copy.end();
      } finally {
        await shard.stop();
      }
    });

    test("what the tables take is told with them", async () => {
      const { usage, tables } = await app.get("/tables?limit=1");
      assert.equal(tables.length, 1);
      assert.ok(usage.rows > 0 && usage.bytes > 0, JSON.stringify(usage));
      assert.deepEqual([usage.max_tables, usage.max_rows, usage.max_bytes, usage.tables], [100, 200_000, 268_435_456, usage.by_table.length]);
      assert.ok(usage.by_table.some(({ name: table, rows: count }) => table === "many" && count > 0));
    });

    test("nobody else gets at it, and an app that is gone has none", async () => {
      const answers = await Promise.all([["GET", "/tables.sql"], ["GET", "/tables/many/rows.csv"], ["POST", "/tables/many/rows.csv"]].map(([method, path]) =>
        call(method, path, method === "POST" ? "user_id\n" : undefined, { authorization: "Bearer osk_nobody" })));
      assert.deepEqual(answers.map(({ status }) => status), [401, 401, 401]);
      const other = await App.create(stack, "what can you do?");
      other.close();
      const own = await other.api("GET", "/tables/many/rows.csv");
      assertProblem(own, "not_found", /no such table/);
      assertNoPanic(stack);
    });
  });
}
