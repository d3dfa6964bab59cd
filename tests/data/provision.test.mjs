// Tables come to be, grow and go by three functions, and by nothing that is put into them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { setTimeout as sleep } from "node:timers/promises";

import postgres from "postgres";

import { client, person, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const long = (length) => "x".repeat(length);
const columns = (...more) => [{ name: "recipes", columns: more }];
const column = (more) => columns({ name: "title", type: "text", ...more });
const QUOTES = [`a"; drop table platform.apps; --`, `a'; drop table platform.apps; --`, "a\"b", "a b", "a-b", "a.b", "A", "ä", "", " a", "a\n", "a\u0000b", "$1", "%I", "a'||'b"];

/** What is refused, and with which code. */
const REFUSED = [
  ...["abc", "1bcdefgh", "ABCDEFGH", "abcdefgh_", "abc-defgh", "abcdefghijklmnopq", "", null, "abcdefg'", `abcdefg"`, "abcdefgh\n"].map((id) => [`the app id ${JSON.stringify(id)}`, id, [], "22023"]),
  ...[null, {}, "recipes", 1, true].map((tables) => [`tables that are ${JSON.stringify(tables)}`, "app", tables, "22023"]),
  ["501 tables at once", "app", Array.from({ length: 501 }, (_, n) => ({ name: `t${n}` })), "54000"],
  ...[1, null, "recipes", []].map((table) => [`a table that is ${JSON.stringify(table)}`, "app", [table], "22023"]),
  ...QUOTES.filter((name) => !name.includes("\u0000")).map((name) => [`a table named ${JSON.stringify(name)}`, "app", [{ name }], "42602"]),
  ["a table without a name", "app", [{}], "42602"],
  ["a table named by a number", "app", [{ name: 5 }], "42602"],
  ["a table whose name is too long", "app", [{ name: long(51) }], "42622"],
  ["a key that a table does not have", "app", [{ name: "recipes", acces: "owner" }], "22023"],
  ...["public", "", "owner' or true", 5].map((access) => [`the access mode ${JSON.stringify(access)}`, "app", [{ name: "recipes", access }], "22023"]),
  ["columns that are no list", "app", [{ name: "recipes", columns: {} }], "22023"],
  ["201 columns", "app", [{ name: "recipes", columns: Array.from({ length: 201 }, (_, n) => ({ name: `c${n}`, type: "text" })) }], "54011"],
  ...[1, null, "title"].map((one) => [`a column that is ${JSON.stringify(one)}`, "app", columns(one), "22023"]),
  ...QUOTES.filter((name) => !name.includes("\u0000")).map((name) => [`a column named ${JSON.stringify(name)}`, "app", columns({ name, type: "text" }), "42602"]),
  ["a column whose name is too long", "app", columns({ name: long(64), type: "text" }), "42602"],
  ...["id", "user_id", "team_id", "created_at", "updated_at"].map((name) => [`a column named ${name}`, "app", columns({ name, type: "text" }), "42939"]),
  ["a column that is there twice", "app", columns({ name: "title", type: "text" }, { name: "title", type: "text" }), "42701"],
  ["a key that a column does not have", "app", column({ defualt: "x" }), "22023"],
  ...["varchar", "text; drop table platform.apps", "text default (select 1)", "serial", "", null, 5, "TEXT", "text[][]", "regclass", "public.recipes"].map((type) => [`the type ${JSON.stringify(type)}`, "app", column({ type }), "42704"]),
  ["a default that is no number", "app", column({ type: "integer", default: "one" }), "22P02"],
  ["a default that is no time", "app", column({ type: "timestamptz", default: "now'); drop table platform.apps; --" }), "22007"],
  ["a default of a function that there is not", "app", column({ default: { fn: "pg_sleep(10)" } }), "42883"],
  ["a default that is a thing", "app", column({ default: { a: 1 } }), "42883"],
  ["a default function of another type", "app", column({ type: "integer", default: { fn: "now" } }), "42804"],
  ["a default that is not in the enum", "app", column({ enum: ["a"], default: "b" }), "22023"],
  ["an enum without a value", "app", column({ enum: [] }), "22023"],
  ["an enum that is no list", "app", column({ enum: "a" }), "22023"],
  ["an enum of things", "app", column({ enum: [{ a: 1 }] }), "22023"],
  ["an enum of another type", "app", column({ type: "integer", enum: ["a"] }), "22P02"],
  ["an enum of lists", "app", column({ type: "text[]", enum: ["a"] }), "22023"],
  ["a reference that is no uuid", "app", column({ references: "recipes" }), "42804"],
  ["a reference to a table that there is not", "app", columns({ name: "book", type: "uuid", references: "books" }), "42P01"],
  ["a reference to the people", "app", columns({ name: "book", type: "uuid", references: "auth.users" }), "42P01"],
  ["a reference to another app's table", "app", columns({ name: "book", type: "uuid", references: "../other123_books" }), "42P01"],
  ["an action on delete that there is not", "app", columns({ name: "book", type: "uuid", references: "recipes", on_delete: "cascade; drop table platform.apps" }), "22023"],
  ["an action on delete without a reference", "app", column({ on_delete: "cascade" }), "22023"],
  ["null on delete where null may not be", "app", columns({ name: "book", type: "uuid", references: "recipes", on_delete: "set null", nullable: false }), "22023"],
  ["a flag that is a word", "app", column({ nullable: "no" }), "22023"],
  ["a flag that is a number", "app", column({ unique: 1 }), "22023"],
];

for (const backend of ["postgres", "pglite"]) {
  describe(`over ${backend}`, () => {
    let shard;
    let admin;
    let sql;
    let number = 0;

    before(async () => {
      shard = await startShard(backend);
      ({ sql } = shard);
      admin = service(shard);
    });
    after(() => shard?.stop());

    /** The id of an app that there is not yet. */
    const fresh = () => `a${String((number += 1)).padStart(7, "0")}`;
    const provision = (app, tables) => admin.rpc("provision_app", { p_app_id: app, p_tables: tables });
    const made = async (app, tables) => {
      const { data, error } = await provision(app, tables);
      assert.equal(error, null, JSON.stringify(error));
      return data;
    };
    const refused = async (app, tables, code) => {
      const { error } = await provision(app, tables);
      assert.equal(error?.code, code, JSON.stringify(error));
      return error;
    };
    const tablesOf = async (app) => (await sql`select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and starts_with(relname, ${`app_${app}_`}) order by 1`).map(({ relname }) => relname);
    const everything = async () => ({
      tables: await sql`select relname from pg_class where relnamespace in ('public'::regnamespace, 'platform'::regnamespace) order by 1`,
      apps: await sql`select * from platform.apps order by 1`,
      registry: await sql`select * from platform.app_tables order by 1, 2`,
      audit: await sql`select count(*) from platform.audit`,
    });

    test(`what is malformed is refused (${REFUSED.length} ways), and leaves nothing`, async () => {
      const app = fresh();
      await made(app, [{ name: "there" }]);
      const before = await everything();
      for (const [what, id, tables, code] of REFUSED) {
        const { error } = await provision(id === "app" ? app : id, tables);
        assert.equal(error?.code, code, `${what}: ${JSON.stringify(error)}`);
        assert.match(error.message, /\S/);
      }
      assert.deepEqual(await everything(), before);
    });

    test("a table has its columns, defaults, enums, indexes and references, in whatever order they are told", async () => {
      const app = fresh();
      const answer = await made(app, [
        { name: "recipes", columns: [
          { name: "title", type: "text", nullable: false, unique: true },
          { name: "status", type: "text", enum: ["draft", "it's \"done\"", "{a,b}"], default: "draft" },
          { name: "stars", type: "integer", enum: [1, 2, 3], index: true },
          { name: "tags", type: "text[]", default: ["a", "b, c"] },
          { name: "more", type: "jsonb", default: { a: [1] } },
          { name: "eaten_at", type: "timestamptz", default: { fn: "now" } },
          { name: "book", type: "uuid", references: "books", on_delete: "set null" },
          { name: "basis", type: "uuid", references: "recipes" },
        ] },
        { name: "books", access: "app_read", columns: [{ name: "best", type: "uuid", references: "recipes", on_delete: "restrict" }] },
      ]);
      assert.deepEqual(answer, { app_id: app, tables: { recipes: `app_${app}_recipes`, books: `app_${app}_books` } });
      const cook = await person(shard, `cook-${app}@example.com`);
      const db = client(shard, token(shard, cook, app));
      const { data: book, error: none } = await db.from(`app_${app}_books`).insert({ best: null }).select().single();
      assert.equal(none, null, JSON.stringify(none));
      const { data: recipe, error } = await db.from(`app_${app}_recipes`).insert({ title: "Soup", book: book.id, stars: 3 }).select().single();
      assert.equal(error, null, JSON.stringify(error));
      assert.deepEqual([recipe.status, recipe.tags, recipe.more, recipe.user_id], ["draft", ["a", "b, c"], { a: [1] }, cook.id]);
      assert.match(recipe.eaten_at, /^\d{4}-/);
      const insert = async (more) => (await db.from(`app_${app}_recipes`).insert({ title: "Other", ...more })).error?.code;
      assert.equal(await insert({ title: "Soup" }), "23505");
      assert.equal(await insert({ title: null }), "23502");
      assert.equal(await insert({ status: "other" }), "23514");
      assert.equal(await insert({ stars: 4 }), "23514");
      assert.equal(await insert({ book: cook.id }), "23503");
      assert.equal(await insert({ status: "it's \"done\"" }), undefined);
      const later = await db.from(`app_${app}_recipes`).update({ status: "{a,b}" }).eq("id", recipe.id).select().single();
      assert.ok(later.data.updated_at > recipe.updated_at);
      await db.from(`app_${app}_books`).delete().eq("id", book.id);
      assert.equal((await db.from(`app_${app}_recipes`).select("book").eq("id", recipe.id).single()).data.book, null);
      const indexed = await sql`select indexdef from pg_indexes where tablename = ${`app_${app}_recipes`}`;
      for (const name of ["user_id", "stars", "book", "basis", "title"]) assert.ok(indexed.some(({ indexdef }) => indexdef.endsWith(`(${name})`)), name);
    });

    test("done again it changes nothing, and what is new is added", async () => {
      const app = fresh();
      const spec = column({ nullable: false, unique: true });
      const first = await made(app, spec);
      const before = await everything();
      assert.deepEqual(await made(app, spec), first);
      assert.deepEqual(await made(app, column({ nullable: false, unique: true, default: null, index: false })), first);
      assert.deepEqual(await made(app, columns()), first);
      assert.deepEqual(await everything(), before);
      await sql`select set_config('request.jwt.claims', '', false)`;
      await made(app, [...columns({ name: "minutes", type: "integer", nullable: false, default: 5 }, { name: "next", type: "uuid", references: "steps" }), { name: "steps" }]);
      const [{ spec: now }] = await sql`select spec from platform.app_tables where app_id = ${app} and name = 'recipes'`;
      assert.deepEqual(now.columns.map(({ name }) => name), ["title", "minutes", "next"]);
      const audit = await sql`select action from platform.audit where app_id = ${app} order by id`;
      assert.deepEqual(audit.map(({ action }) => action), ["create_table", "add_columns", "create_table"]);
    });

    test("what is no addition is refused with the way to do it, and nothing else of the call is done", async () => {
      const app = fresh();
      await made(app, column({ nullable: false, unique: true }));
      const before = await everything();
      const also = { name: "extra" };
      for (const [more, code, says] of [
        [{ type: "integer", nullable: false, unique: true }, "0A000", /type/],
        [{ nullable: true, unique: true }, "0A000", /nullable/],
        [{ nullable: false }, "0A000", /unique/],
        [{ nullable: false, unique: true, enum: ["a"] }, "0A000", /enum/],
        [{ nullable: false, unique: true, default: "a" }, "0A000", /default/],
      ]) {
        const error = await refused(app, [also, ...column(more)], code);
        assert.match(error.message, says);
        assert.match(error.hint, /column of another name/);
      }
      assert.match((await refused(app, [also, { name: "recipes", access: "public_read" }], "0A000")).hint, /copy the rows/);
      await refused(app, [also, ...columns({ name: "minutes", type: "integer", nullable: false })], "23502");
      assert.deepEqual(await everything(), before);
    });

    test("what an app has is told by name, with all that a spec can say", async () => {
      const app = fresh();
      const described = async () => (await admin.rpc("describe_app", { p_app_id: app })).data;
      assert.deepEqual(await described(), []);
      await made(app, [{ name: "steps", access: "server" }, ...column({ default: "a", enum: ["a"] })]);
      const title = { name: "title", type: "text", nullable: true, default: "a", enum: ["a"], unique: false, index: false, references: null, on_delete: null };
      assert.deepEqual(await described(), [{ name: "recipes", access: "owner", columns: [title], realtime: false }, { name: "steps", access: "server", columns: [], realtime: false }]);
      assert.equal((await admin.rpc("describe_app", { p_app_id: "x" })).error.code, "22023");
    });

    test("names that are long are told apart, and none is cut off", async () => {
      const app = fresh();
      const name = long(50);
      await made(app, [{ name, columns: [`${long(40)}a`, `${long(40)}b`].map((one) => ({ name: one, type: "text", unique: true, enum: ["x"] })) }]);
      const names = await sql`select relname as name from pg_class where relname like ${`app_${app}%`} union all select conname from pg_constraint where conname like ${`app_${app}%`}`;
      assert.ok(names.length >= 5);
      for (const one of names) assert.ok(Buffer.byteLength(one.name) <= 63, one.name);
    });

    test("what is asked for at the same time is done once", async () => {
      const app = fresh();
      const answers = await Promise.all(Array.from({ length: 6 }, () => provision(app, [...column(), { name: "books" }])));
      assert.deepEqual(answers.map(({ error }) => error), Array(6).fill(null));
      assert.deepEqual(await tablesOf(app), [`app_${app}_books`, `app_${app}_recipes`]);
      assert.equal((await sql`select 1 from platform.audit where app_id = ${app}`).length, 2);
    });

    test("a table that is not guarded as it should be does not count", async () => {
      const app = fresh();
      const table = `app_${app}_recipes`;
      const tamper = [
        `alter table public.${table} disable row level security`,
        `alter table public.${table} no force row level security`,
        `drop policy app_gate on public.${table}`,
        `drop policy app_gate on public.${table}; create policy app_gate on public.${table} as restrictive for all to authenticated using (true) with check (true)`,
        `create policy also on public.${table} for select to anon using (true)`,
        `grant select on public.${table} to anon`,
        `grant truncate on public.${table} to authenticated`,
        `grant select on public.${table} to public`,
      ];
      for (const statement of tamper) {
        await made(app, column());
        await sql.unsafe(statement).simple();
        assert.match((await refused(app, columns(), "55000")).message, new RegExp(table));
        assert.equal((await admin.rpc("drop_table", { p_app_id: app, p_table: "recipes" })).data, true);
      }
    });

    test("a table is dropped alone, and what referred to it stays", async () => {
      const app = fresh();
      await made(app, [{ name: "books" }, ...columns({ name: "book", type: "uuid", references: "books" })]);
      const drop = async (table) => (await admin.rpc("drop_table", { p_app_id: app, p_table: table })).data;
      assert.equal(await drop("books"), true);
      assert.equal(await drop("books"), false);
      assert.deepEqual(await tablesOf(app), [`app_${app}_recipes`]);
      await made(app, columns({ name: "book", type: "uuid" }));
      assert.equal((await admin.rpc("drop_table", { p_app_id: app, p_table: "recipes; drop" })).error.code, "42602");
    });

    test("an app is dropped in parts, and none of another whose id begins alike", async () => {
      const [app, alike] = [fresh(), `${fresh()}`];
      const longer = `${app}0`;
      for (const id of [app, alike, longer]) await made(id, Array.from({ length: 25 }, (_, n) => ({ name: `t${n}`, columns: [{ name: "up", type: "uuid", references: "t0" }] })));
      const dropped = [];
      for (;;) {
        const { data, error } = await admin.rpc("drop_app", { p_app_id: app, p_max: 10 });
        assert.equal(error, null, JSON.stringify(error));
        dropped.push(data);
        if (data === 0) break;
      }
      assert.deepEqual(dropped, [10, 10, 5, 0]);
      assert.deepEqual(await tablesOf(app), []);
      assert.equal((await tablesOf(longer)).length, 25);
      assert.equal((await sql`select 1 from platform.apps where app_id = ${app}`).length, 0);
      assert.equal((await sql`select 1 from platform.audit where app_id = ${app} and action = 'drop_app'`).length, 1);
      // In a call that was asked for with too much, not all at once.
      assert.equal((await admin.rpc("drop_app", { p_app_id: longer, p_max: 1_000_000 })).data, 25);
    });

    test("who has come in is a user of that app, until they are blocked or it goes", async () => {
      const [app, other] = [fresh(), fresh()];
      const cook = await person(shard, `member-${app}@example.com`);
      const ask = async (name, id) => (await admin.rpc(name, { p_app_id: id, p_user_id: cook.id })).data;
      assert.equal(await ask("is_member", app), false);
      assert.equal(await ask("join_app", app), "active");
      assert.equal(await ask("join_app", app), "active", "done again");
      assert.deepEqual([await ask("is_member", app), await ask("is_member", other)], [true, false]);
      await sql`update platform.app_members set status = 'blocked' where app_id = ${app}`;
      assert.deepEqual([await ask("join_app", app), await ask("is_member", app)], ["blocked", false], "they do not come in again");
      await sql`update platform.app_members set status = 'active' where app_id = ${app}`;
      await admin.rpc("drop_app", { p_app_id: app, p_max: 1 });
      assert.equal(await ask("is_member", app), false);
      assert.equal((await admin.rpc("join_app", { p_app_id: "x", p_user_id: cook.id })).error.code, "22023");
      assert.equal((await admin.rpc("join_app", { p_app_id: app, p_user_id: "x" })).error.code, "22P02");
    });

    test("nobody but the service calls any of it, or reads what is kept of apps", async () => {
      const app = fresh();
      await made(app, column());
      const someone = await person(shard, `someone-${app}@example.com`);
      for (const db of [client(shard), client(shard, token(shard, someone, app))]) {
        for (const [name, given] of [
          ["provision_app", { p_app_id: app, p_tables: [] }], ["describe_app", { p_app_id: app }], ["is_member", { p_app_id: app, p_user_id: someone.id }],
          ["join_app", { p_app_id: app, p_user_id: someone.id }], ["drop_table", { p_app_id: app, p_table: "recipes" }], ["drop_app", { p_app_id: app, p_max: 1 }],
          ["sign_up_refusal", { p_app_id: app, p_email: "a@example.com", p_spares_users: true }], ["sign_up_policy", { p_app_id: app }],
          ["set_sign_up", { p_app_id: app, p_sign_up: { policy: "open" } }], ["list_members", { p_app_id: app, p_after: null, p_limit: 1 }],
          ["invite_member", { p_app_id: app, p_member: { email: "a@example.com" } }], ["remove_member", { p_app_id: app, p_who: someone.id }],
          ["set_member", { p_app_id: app, p_user_id: someone.id, p_change: { status: "active" } }],
          ["app_usage", { p_app_id: app }], ["applied_migrations", {}],
          ["shard_state", {}],
        ]) {
          assert.equal((await db.rpc(name, given)).error?.code, "42501", name);
        }
        for (const table of ["apps", "app_tables", "app_members", "team_members", "audit", "sign_up", "invitations", "settings", "app_quotas", "app_usage", "migrations"]) {
          assert.match((await db.schema("platform").from(table).select()).error.code, /^(PGRST106|42501)$/, table);
          assert.equal((await db.from(table).select()).error.code, "PGRST205", table);
        }
      }
      for (const role of ["anon", "authenticated"]) {
        for (const table of ["apps", "app_tables", "app_members", "team_members", "audit", "sign_up", "invitations", "settings", "app_quotas", "app_usage", "migrations"]) {
          await assert.rejects(sql.begin((one) => [one.unsafe(`set local role ${role}`), one.unsafe(`select * from platform.${table}`)]), { code: "42501" });
        }
      }
      const open = await sql`
        select p.oid::regprocedure::text as name from pg_proc p
        where (p.pronamespace = 'platform'::regnamespace or p.proname in ('provision_app', 'describe_app', 'drop_table', 'drop_app', 'is_member', 'sign_up_refusal', 'join_app', 'sign_up_policy', 'set_sign_up', 'list_members', 'invite_member', 'set_member', 'remove_member', 'app_usage', 'applied_migrations', 'shard_state'))
          and (has_function_privilege('anon', p.oid, 'execute') or p.proconfig is null or not 'search_path=""' = any (p.proconfig))`;
      assert.deepEqual([...open], []);
      const { data, error } = await admin.rpc("shard_state");
      assert.equal(error, null, JSON.stringify(error));
      const [counted] = await sql`select (select count(*)::int from platform.apps) as apps, (select count(*)::int from platform.app_tables) as tables`;
      assert.deepEqual(data, counted);
      assert.ok(data.apps >= 1 && data.tables >= 1);
    });

    // PGlite has one connection: nothing is read in it while a table is made.
    if (backend !== "postgres") return;
    test("what was being read of the tables before one was made is not believed afterwards", async () => {
      const [app, other] = [fresh(), fresh()];
      const asked = column().map((table) => ({ ...table, access: "public_read" }));
      await made(app, asked);
      const locker = postgres(shard.db, { max: 1, onnotice() {} });
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const locked = new Promise((resolve, reject) => {
        // The shard reads this one late, after the tables.
        locker.begin(async (one) => {
          await one`lock table pg_catalog.pg_enum in access exclusive mode`;
          resolve(one);
          await held;
        }).catch(reject);
      });
      await locked;
      try {
        await sql.notify("pgrst", "reload schema");
        await sleep(200);
        const reading = client(shard).from(`app_${app}_recipes`).select().then(({ error }) => error);
        for (let tries = 0; (await sql`select 1 from pg_locks where relation = 'pg_catalog.pg_enum'::regclass and not granted`).length === 0; tries += 1) {
          assert.ok(tries < 400, "nobody reads the tables");
          await sleep(25);
        }
        await sql`select provision_app(${other}, ${sql.json(asked)})`;
        await sleep(200);
        release();
        assert.equal(await reading, null);
        const { error } = await client(shard).from(`app_${other}_recipes`).select();
        assert.equal(error, null, JSON.stringify(error));
      } finally {
        release();
        await locker.end();
      }
    });
  });
}
