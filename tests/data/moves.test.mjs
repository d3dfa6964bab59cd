// An app goes from one shard to another, part by part; over each back end.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import postgres from "postgres";

import { client, person, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const APP = "kitchen1";
const TABLES = [
  {
    name: "recipes", access: "owner", columns: [
      { name: "title", type: "text", nullable: false }, { name: "minutes", type: "integer" }, { name: "rating", type: "double precision" }, { name: "price", type: "numeric" },
      { name: "big", type: "bigint" }, { name: "tags", type: "text[]" }, { name: "marks", type: "uuid[]" }, { name: "extra", type: "jsonb", nullable: false, default: {} },
      { name: "day", type: "date" }, { name: "at", type: "timestamptz" }, { name: "hour", type: "time" }, { name: "book", type: "uuid", references: "shelves" },
      { name: "parent", type: "uuid", references: "recipes", on_delete: "set null" }, { name: "editor", type: "uuid", default: { fn: "uid" } },
    ],
  },
  { name: "shelves", access: "public_read", columns: [{ name: "label", type: "text", unique: true }, { name: "best", type: "uuid", references: "recipes", on_delete: "set null" }] },
  { name: "boards", access: "team", columns: [] },
  { name: "journal", access: "server", columns: [{ name: "line", type: "text" }] },
  { name: "nothing", access: "app_read", columns: [] },
];
const good = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

for (const backend of ["postgres", "pglite"]) {
  describe(`over ${backend}`, () => {
    let from;
    let to;
    const people = {};

    before(async () => {
      from = await startShard(backend);
      to = await startShard(backend);
    });
    after(async () => {
      await from?.stop();
      await to?.stop();
    });

    const call = async (shard, name, values) => good(await service(shard).rpc(name, values));
    const refused = async (shard, name, values, code, says) => {
      const { error } = await service(shard).rpc(name, values);
      assert.equal(error?.code, code, JSON.stringify(error));
      assert.match(error.message, says);
    };
    /** Every part, given `times` each. */
    const move = async ({ app = APP, times = 1, stopAt = Infinity } = {}) => {
      let at = null;
      let parts = 0;
      do {
        const { part, next } = await call(from, "move_out", { p_app_id: app, p_at: at });
        if (part === null) return 0;
        for (let time = 0; time < times; time += 1) await call(to, "move_in", { p_app_id: app, p_part: part });
        at = next;
        parts += 1;
      } while (at !== null && parts < stopAt);
      return parts;
    };
    const rows = async ({ sql }, table) => (await sql.unsafe(`select * from public.app_${APP}_${table} order by id`)).map((row) => ({ ...row }));
    const member = (shard, who, table) => client(shard, token(shard, who, APP)).from(`app_${APP}_${table}`);

    test("an app with everything that one can have", async () => {
      for (const name of ["cook", "guest", "late", "gone"]) people[name] = await person(from, `${name}@example.com`);
      // Two of them have accounts there, too: one of theirs, and one that somebody has made in their name and not confirmed.
      people.guestThere = await person(to, "guest@example.com");
      people.lateThere = await person(to, "late@example.com");
      await to.sql`update auth.users set email_confirmed_at = null where id = ${people.lateThere.id}`;
      people.other = await person(to, "other@example.com");
      await call(from, "provision_app", { p_app_id: APP, p_tables: TABLES });
      await call(from, "set_sign_up", { p_app_id: APP, p_sign_up: { policy: "email_domain", domains: ["example.com"] } });
      for (const name of ["cook", "guest", "late"]) assert.equal(await call(from, "join_app", { p_app_id: APP, p_user_id: people[name].id }), "active");
      await call(from, "invite_member", { p_app_id: APP, p_member: { email: "new@example.com" } });
      const team = "11111111-1111-4111-8111-111111111111";
      await call(from, "set_member", { p_app_id: APP, p_user_id: people.guest.id, p_change: { team, role: "admin" } });
      await call(from, "set_member", { p_app_id: APP, p_user_id: people.late.id, p_change: { status: "blocked" } });
      await from.sql`insert into platform.app_quotas (app_id, max_rows) values (${APP}, 2200)`;
      const { id: shelf } = good(await member(from, people.cook, "shelves").insert({ label: "Ünïcode \"quoted\", \\ and\nlines" }).select().single());
      const all = {
        title: "Soup", minutes: 7, rating: 0.1, price: "12345678901234567890.000000000100", big: "9007199254740993", tags: ["a,b", 'c"d', "", "NULL"], marks: [team],
        extra: { deep: [1, null, "\u2603"] }, day: "0044-03-15", at: "2026-01-02T03:04:05.678901+02:00", hour: "23:59:59.999999", book: shelf,
      };
      const { id: soup } = good(await member(from, people.cook, "recipes").insert(all).select("id").single());
      good(await member(from, people.guest, "recipes").insert({ title: "", rating: "Infinity", price: "NaN", parent: null, editor: people.cook.id }));
      good(await member(from, people.guest, "boards").insert({ team_id: team }));
      good(await member(from, people.cook, "shelves").update({ best: soup }).eq("id", shelf));
      good(await member(from, people.cook, "recipes").update({ parent: soup }).eq("id", soup));
      // JSON's null is not that of the column. More than one part of rows, and people who are nobody but in rows.
      await from.sql.unsafe(`insert into app_${APP}_recipes (user_id, title, extra, minutes) select '${people.cook.id}', repeat('long ', 200), case when n % 2 = 0 then jsonb 'null' else '{"n": 1}' end, n from generate_series(1, 2000) n`);
      await from.sql.unsafe(`update app_${APP}_recipes set editor = gen_random_uuid() where minutes = 3`);
      await from.sql.unsafe(`insert into app_${APP}_journal (user_id, line) values ('${people.gone.id}', 'was here'), (null, null)`);
      await call(from, "provision_app", { p_app_id: "another1", p_tables: [{ name: "recipes" }] });
    });

    test("while it is held it is read as ever, and nothing of it is changed", async () => {
      await call(from, "hold_app", { p_app_id: APP, p_is_held: true });
      await call(from, "hold_app", { p_app_id: APP, p_is_held: true });
      assert.equal(good(await member(from, people.guest, "recipes").select()).length, 1);
      const held = async (asked) => {
        const { error, status } = await asked;
        assert.deepEqual([error?.code, status], ["PT503", 503], JSON.stringify(error));
        assert.match(error.message, /being moved/);
      };
      await held(member(from, people.cook, "recipes").insert({ title: "No" }));
      await held(member(from, people.cook, "recipes").update({ title: "No" }).eq("minutes", 7));
      await held(member(from, people.cook, "recipes").delete().eq("minutes", 7));
      await held(service(from).from(`app_${APP}_journal`).insert({ line: "No" }));
      const other = "22222222-2222-4222-8222-222222222222";
      for (const [name, values] of [
        ["provision_app", { p_tables: [{ name: "more" }] }], ["provision_app", { p_tables: [{ name: "recipes", columns: [{ name: "more", type: "text" }] }] }],
        ["drop_table", { p_table: "nothing" }], ["drop_app", {}], ["join_app", { p_user_id: people.gone.id }], ["set_sign_up", { p_sign_up: { policy: "open" } }],
        ["invite_member", { p_member: { email: "more@example.com" } }], ["set_member", { p_user_id: people.cook.id, p_change: { status: "blocked" } }],
        ["set_member", { p_user_id: people.cook.id, p_change: { team: other, role: "member" } }], ["remove_member", { p_who: people.cook.id }],
      ]) {
        await refused(from, name, { p_app_id: APP, ...values }, "PT503", /being moved/);
      }
      await assert.rejects(from.sql`delete from auth.users where id = ${people.cook.id}`, /being moved/);
      await call(from, "provision_app", { p_app_id: "another1", p_tables: [{ name: "books" }] });
      const nobody = await person(from, "nobody@example.com");
      await from.sql`delete from auth.users where id = ${nobody.id}`;
      const csv = { p_app_id: APP, p_table: "recipes", p_columns: ["user_id", "title"], p_rows: [[2, people.cook.id, "No"]], p_key: "x" };
      await refused(from, "import_rows", csv, "PT503", /being moved/);
      await call(from, "hold_app", { p_app_id: APP, p_is_held: false });
      good(await member(from, people.cook, "recipes").update({ minutes: 8 }).eq("minutes", 7).limit(1));
      assert.equal(await call(from, "hold_app", { p_app_id: "nothing1", p_is_held: true }), false);
    });

    // PGlite has one connection, and so nobody to wait for.
    if (backend === "postgres") test("whoever is in the middle of changing something is waited for", async () => {
      const other = postgres(from.db, { max: 1, onnotice() {} });
      for (const change of [`update app_${APP}_recipes set minutes = 9 where minutes = 8`, `insert into platform.invitations (app_id, email) values ('${APP}', 'mid@example.com')`]) {
        let holds;
        await other.begin(async (inside) => {
          assert.ok((await inside.unsafe(change)).count > 0);
          holds = service(from).rpc("hold_app", { p_app_id: APP, p_is_held: true }).then((answer) => answer);
          await new Promise((done) => setTimeout(done, 300));
          const [{ held_at }] = await from.sql`select held_at from platform.apps where app_id = ${APP}`;
          assert.equal(held_at, null, change);
        });
        good(await holds);
        await call(from, "hold_app", { p_app_id: APP, p_is_held: false });
      }
      await other.end();
    });

    test("broken off, nothing of it stays there", async () => {
      assert.equal(await move({ stopAt: 4 }), 4);
      await refused(to, "provision_app", { p_app_id: APP, p_tables: [{ name: "more" }] }, "PT503", /being moved/);
      while (await call(to, "drop_moved", { p_app_id: APP }) > 0);
      assert.deepEqual(await call(to, "describe_app", { p_app_id: APP }), []);
      assert.equal((await to.sql`select from platform.moved_people`).length, 0);
      assert.equal((await to.sql`select from platform.apps where app_id = ${APP}`).length, 0);
    });

    test("what arrives is what was there", async () => {
      const before = {};
      for (const { name } of TABLES) before[name] = await rows(from, name);
      const parts = await move({ times: 2 });
      assert.ok(parts > 12, `${parts} parts`);
      assert.deepEqual(await call(to, "describe_app", { p_app_id: APP }), await call(from, "describe_app", { p_app_id: APP }));
      const mapped = { [people.guest.id]: people.guestThere.id, [people.late.id]: people.lateThere.id };
      for (const { name } of TABLES) {
        const expected = before[name].map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, mapped[value] ?? value])));
        assert.deepEqual(await rows(to, name), expected, name);
      }
      assert.equal((await to.sql.unsafe(`select from app_${APP}_recipes where extra = jsonb 'null'`)).length, 1000);
      const { error } = await member(to, people.cook, "recipes").insert({ title: "Too early" });
      assert.equal(error?.code, "PT503");
      await call(to, "hold_app", { p_app_id: APP, p_is_held: false });
      while (await call(from, "drop_moved", { p_app_id: APP }) > 0);
      assert.deepEqual(await call(from, "describe_app", { p_app_id: APP }), []);
      assert.equal((await call(from, "describe_app", { p_app_id: "another1" })).length, 2);
    });

    test("people are who they were, and in what they were", async () => {
      const list = await call(to, "list_members", { p_app_id: APP, p_after: null, p_limit: 50 });
      assert.deepEqual(list.filter(({ person }) => person.email !== "mid@example.com").map(({ person: { email, user, status, teams } }) => [email, user, status, teams.map(({ role }) => role)]), [
        ["cook@example.com", people.cook.id, "active", []], ["guest@example.com", people.guestThere.id, "active", ["admin"]],
        ["late@example.com", people.lateThere.id, "blocked", []], ["new@example.com", null, "invited", []],
      ]);
      assert.deepEqual(await call(to, "sign_up_policy", { p_app_id: APP }), { policy: "email_domain", domains: ["example.com"] });
      const password = "correct horse battery staple";
      for (const name of ["cook", "guest", "late", "gone"]) {
        const { data, error } = await client(to).auth.signInWithPassword({ email: `${name}@example.com`, password });
        assert.equal(error, null, name);
        assert.equal(data.user.id, (people[`${name}There`] ?? people[name]).id);
      }
      assert.equal((await to.sql`select from auth.users where email_confirmed_at is null`).length, 0);
    });

    test("it lives there: guarded, linked, counted", async () => {
      assert.equal((await member(to, people.cook, "recipes").select("id", { count: "exact", head: true }).eq("title", "Soup")).count, 1);
      const [soup] = good(await member(to, people.cook, "recipes").select(`title, shelf:app_${APP}_shelves!app_${APP}_recipes_book_fkey(label)`).eq("title", "Soup"));
      assert.match(soup.shelf.label, /quoted/);
      assert.deepEqual(good(await member(to, people.other, "recipes").select()), []);
      assert.deepEqual((await client(to, token(to, people.cook, "another1")).from(`app_${APP}_recipes`).select()).data, []);
      const { error } = await member(to, people.cook, "shelves").delete().eq("label", soup.shelf.label);
      assert.equal(error, null);
      assert.deepEqual(good(await member(to, people.cook, "recipes").select("id").eq("title", "Soup")), [], "what belonged to the shelf goes with it");
      const full = await member(to, people.cook, "recipes").insert(Array.from({ length: 300 }, () => ({ title: "x" })));
      assert.equal(full.error?.code, "54000", "the quota of the app came along");
      await call(to, "provision_app", { p_app_id: APP, p_tables: [{ name: "recipes", columns: [{ name: "more", type: "text" }] }] });
      await call(to, "drop_table", { p_app_id: APP, p_table: "nothing" });
      while (await call(to, "drop_app", { p_app_id: APP }) > 0);
    });

    test("it moves back, with what people have changed meanwhile", async () => {
      const app = "returns1";
      await call(from, "provision_app", { p_app_id: app, p_tables: [{ name: "notes" }] });
      const [moved, back] = [await person(from, "moved@example.com"), await person(from, "back@example.com")];
      for (const { id } of [moved, back]) await call(from, "join_app", { p_app_id: app, p_user_id: id });
      await move({ app });
      await call(to, "hold_app", { p_app_id: app, p_is_held: false });
      while (await call(from, "drop_moved", { p_app_id: app }) > 0);
      await to.sql`update auth.users set encrypted_password = 'newer', updated_at = now() + interval '1 second' where id = ${moved.id}`;
      await from.sql`update auth.users set encrypted_password = 'newest', updated_at = now() + interval '2 seconds' where id = ${back.id}`;
      [from, to] = [to, from];
      await move({ app });
      [from, to] = [to, from];
      const password = async ({ id }) => (await from.sql`select encrypted_password from auth.users where id = ${id}`)[0].encrypted_password;
      assert.deepEqual([await password(moved), await password(back)], ["newer", "newest"]);
      await call(from, "hold_app", { p_app_id: app, p_is_held: false });
      assert.equal((await call(from, "list_members", { p_app_id: app, p_after: null, p_limit: 50 })).length, 2);
      while (await call(to, "drop_moved", { p_app_id: app }) > 0);
    });

    test("an app of which nothing is known is held as well", async () => {
      const app = "unknown1";
      assert.equal(await move({ app }), 2);
      for (const shard of [from, to]) await refused(shard, "join_app", { p_app_id: app, p_user_id: shard === from ? people.cook.id : people.other.id }, "PT503", /being moved/);
      await call(to, "hold_app", { p_app_id: app, p_is_held: false });
      while (await call(from, "drop_moved", { p_app_id: app }) > 0);
      assert.equal(await call(to, "join_app", { p_app_id: app, p_user_id: people.other.id }), "active");
    });

    test("what is not the same is no move", async () => {
      const app = "another1";
      await call(from, "join_app", { p_app_id: app, p_user_id: people.cook.id });
      const mine = client(from, token(from, people.cook, app)).from(`app_${app}_recipes`);
      good(await mine.insert([1, 2].map((day) => ({ created_at: `2026-01-0${day}T00:00:00Z` }))));
      const first = await call(from, "move_out", { p_app_id: app });
      await call(to, "move_in", { p_app_id: app, p_part: first.part });
      let at = first.next;
      for (;;) {
        const { part, next } = await call(from, "move_out", { p_app_id: app, p_at: at });
        const said = JSON.parse(part);
        if (said.sum && said.table === "recipes") {
          await refused(to, "move_in", { p_app_id: app, p_part: part }, "XX001", /is not what it was/);
          break;
        }
        if (said.rows?.length) said.rows.pop();
        await call(to, "move_in", { p_app_id: app, p_part: JSON.stringify(said) });
        at = next;
      }
      await call(from, "hold_app", { p_app_id: app, p_is_held: false });
      await refused(from, "drop_moved", { p_app_id: app }, "55000", /in use/);
      await refused(from, "move_in", { p_app_id: app, p_part: first.part }, "55000", /in use/);
      await refused(from, "move_out", { p_app_id: app, p_at: first.next }, "55000", /not held/);
      for (const name of ["hold_app", "move_out", "move_in", "drop_moved"]) {
        const { error } = await client(from, token(from, people.cook, app)).rpc(name, { p_app_id: app, ...(name === "hold_app" && { p_is_held: true }), ...(name === "move_in" && { p_part: "{}" }) });
        assert.equal(error?.code, "42501", name);
      }
    });
  });
}
