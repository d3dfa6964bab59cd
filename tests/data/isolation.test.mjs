// Who can do what with whose rows: every access mode, every caller, every operation, over each back end.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { client, mint, person, seconds, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const [APP, OTHER_APP] = ["kitchen1", "garden12"];
const MODES = ["owner", "public_read", "app_read", "team", "server"];

/**
 * What each caller is answered. A number is how many rows were seen or changed; anything else is the error's code.
 * Of an embedded select: the rows, and of how many the other table's row was seen.
 */
const OPERATIONS = ["select", "count", "embed", "insert", "update", "delete", "upsert", "rpc"];
const EXPECTED = {};

/** Reads a table of the expectations: a line for each caller. */
function expect(mode, text) {
  EXPECTED[mode] = Object.fromEntries(text.trim().split("\n").map((line) => line.trim().split(/\s{2,}/)).map(([caller, ...cells]) => [caller, cells]));
}
expect("owner", `
  anon              42501     42501     42501     42501     42501     42501     42501     42501
  owner             1         1         1/1       1         1         1         1         42501
  member            0         0         0/0       1         0         0         42501     42501
  other user        0         0         0/0       1         0         0         42501     42501
  other app         0         0         0/0       42501     0         0         42501     42501
  no claim          0         0         0/0       42501     0         0         42501     42501
  forged metadata   0         0         0/0       42501     0         0         42501     42501
  expired           PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303
  wrong key         PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301
  service           1         1         1/1       1         1         1         1         1
`);

expect("public_read", `
  anon              1         1         1/1       42501     42501     42501     42501     42501
  owner             1         1         1/1       1         1         1         1         42501
  member            1         1         1/1       1         0         0         42501     42501
  other user        1         1         1/1       1         0         0         42501     42501
  other app         0         0         0/0       42501     0         0         42501     42501
  no claim          0         0         0/0       42501     0         0         42501     42501
  forged metadata   0         0         0/0       42501     0         0         42501     42501
  expired           PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303
  wrong key         PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301
  service           1         1         1/1       1         1         1         1         1
`);

expect("app_read", `
  anon              42501     42501     42501     42501     42501     42501     42501     42501
  owner             1         1         1/1       1         1         1         1         42501
  member            1         1         1/1       1         0         0         42501     42501
  other user        1         1         1/1       1         0         0         42501     42501
  other app         0         0         0/0       42501     0         0         42501     42501
  no claim          0         0         0/0       42501     0         0         42501     42501
  forged metadata   0         0         0/0       42501     0         0         42501     42501
  expired           PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303
  wrong key         PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301
  service           1         1         1/1       1         1         1         1         1
`);

expect("team", `
  anon              42501     42501     42501     42501     42501     42501     42501     42501
  owner             1         1         1/1       1         1         1         1         42501
  member            1         1         1/1       1         0         0         42501     42501
  other user        0         0         0/0       42501     0         0         42501     42501
  other app         0         0         0/0       42501     0         0         42501     42501
  no claim          0         0         0/0       42501     0         0         42501     42501
  forged metadata   0         0         0/0       42501     0         0         42501     42501
  expired           PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303
  wrong key         PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301
  service           1         1         1/1       1         1         1         1         1
`);

expect("server", `
  anon              42501     42501     42501     42501     42501     42501     42501     42501
  owner             42501     42501     42501     42501     42501     42501     42501     42501
  member            42501     42501     42501     42501     42501     42501     42501     42501
  other user        42501     42501     42501     42501     42501     42501     42501     42501
  other app         42501     42501     42501     42501     42501     42501     42501     42501
  no claim          42501     42501     42501     42501     42501     42501     42501     42501
  forged metadata   42501     42501     42501     42501     42501     42501     42501     42501
  expired           PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303  PGRST303
  wrong key         PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301  PGRST301
  service           1         1         1/1       1         1         1         1         1
`);

for (const backend of ["postgres", "pglite"]) {
  describe(`over ${backend}`, () => {
    let shard;
    let admin;
    let owner;
    let callers;
    const team = randomUUID();

    before(async () => {
      shard = await startShard(backend);
      admin = service(shard);
      owner = await person(shard, "owner@example.com");
      const other = await person(shard, "other@example.com");
      const member = await person(shard, "member@example.com");
      const tables = MODES.flatMap((access) => [
        { name: `books_${access}`, access, columns: [{ name: "title", type: "text" }] },
        { name: `notes_${access}`, access, columns: [{ name: "title", type: "text" }, { name: "book", type: "uuid", references: `books_${access}` }] },
      ]);
      for (const app of [APP, OTHER_APP]) {
        const { error } = await admin.rpc("provision_app", { p_app_id: app, p_tables: tables });
        assert.equal(error, null);
      }
      for (const { id } of [owner, member]) {
        await shard.sql`insert into platform.team_members (app_id, team_id, user_id) values (${APP}, ${team}, ${id})`;
      }
      const forged = { sub: owner.id, role: "authenticated", user_metadata: { app_id: APP }, app_metadata: { app_id: APP } };
      callers = {
        "anon": { client: client(shard) },
        "owner": { client: client(shard, token(shard, owner, APP)), id: owner.id },
        "member": { client: client(shard, token(shard, member, APP)), id: member.id },
        "other user": { client: client(shard, token(shard, other, APP)), id: other.id },
        "other app": { client: client(shard, token(shard, owner, OTHER_APP)), id: owner.id },
        "no claim": { client: client(shard, owner.session), id: owner.id },
        "forged metadata": { client: client(shard, mint(forged, shard.jwt_secret)), id: owner.id },
        "expired": { client: client(shard, token(shard, owner, APP, { exp: seconds() - 60 })), id: owner.id },
        "wrong key": { client: client(shard, mint({ sub: owner.id, role: "authenticated", app_id: APP }, "another secret")), id: owner.id },
        "service": { client: admin, id: owner.id },
      };
    });

    after(() => shard?.stop());

    for (const mode of MODES) {
      const notes = `app_${APP}_notes_${mode}`;
      const books = `app_${APP}_books_${mode}`;

      /** One note and its book, of the owner's. */
      const lay = async () => {
        await admin.from(notes).delete().neq("id", randomUUID());
        await admin.from(books).delete().neq("id", randomUUID());
        const own = { user_id: owner.id, ...(mode === "team" && { team_id: team }) };
        const book = await admin.from(books).insert({ ...own, title: "A book" }).select("id").single();
        const note = await admin.from(notes).insert({ ...own, title: "A note", book: book.data.id }).select("id").single();
        return { note: note.data.id, own };
      };

      const operations = {
        select: (db) => db.from(notes).select("*"),
        count: (db) => db.from(notes).select("*", { count: "exact" }).limit(1),
        embed: (db) => db.from(notes).select(`title, book:${books}(title)`),
        insert: (db, { fresh }) => db.from(notes).insert({ ...fresh, title: "Another" }).select("id"),
        update: (db, { note }) => db.from(notes).update({ title: "Changed" }).eq("id", note).select("id"),
        delete: (db, { note }) => db.from(notes).delete().eq("id", note).select("id"),
        upsert: (db, { note, fresh }) => db.from(notes).upsert({ ...fresh, id: note, title: "Changed" }).select("id"),
        rpc: (db) => db.rpc("provision_app", { p_app_id: APP, p_tables: [] }),
      };

      const cell = (what, { data, error, count }) => {
        if (error) return error.code || `status ${error.status}`;
        if (what === "count") return String(count);
        if (what === "embed") return `${data.length}/${data.filter(({ book }) => book).length}`;
        return what === "rpc" ? "1" : String(data.length);
      };

      test(`${mode}: everybody is answered as is written here, and what is not allowed changes nothing`, async () => {
        const seen = {};
        for (const [name, { client: db, id }] of Object.entries(callers)) {
          seen[name] = [];
          for (const what of OPERATIONS) {
            const { note, own } = await lay();
            const fresh = { ...own };
            delete fresh.user_id;
            if (name === "service") fresh.user_id = id;
            const answer = cell(what, await operations[what](db, { note, fresh }));
            seen[name].push(answer);
            const { data: left } = await admin.from(notes).select("id, title");
            const isUntouched = left.length === 1 && left[0].id === note && left[0].title === "A note";
            const isChange = ["insert", "update", "delete", "upsert"].includes(what) && answer === "1";
            assert.equal(isUntouched, !isChange, `${name}, ${what}: ${answer}, then there is ${JSON.stringify(left)}`);
          }
        }
        assert.deepEqual(seen, EXPECTED[mode]);
      });
    }

    test("what is written into filters, columns, orders and headers shows nothing of anybody else's, and changes nothing", async () => {
      const [notes, books] = [`app_${APP}_notes_owner`, `app_${APP}_books_owner`];
      const own = { user_id: owner.id, title: "A secret" };
      const { data: [book] } = await admin.from(books).insert(own).select("id");
      assert.equal((await admin.from(notes).insert({ ...own, book: book.id })).error, null);
      const { data: [garden] } = await admin.from(`app_${OTHER_APP}_books_owner`).insert({ user_id: owner.id, title: "A garden" }).select("id");
      const everything = async () => JSON.stringify([await shard.sql.unsafe(`select * from public.${notes} order by id`), await shard.sql.unsafe(`select * from public.${books} order by id`), await shard.sql`select relname from pg_class where relkind = 'r' order by 1`]);
      const before = await everything();
      const QUERIES = [
        "or=(id.not.is.null,user_id.not.is.null)", "not.or=(id.is.null)", `or=(title.eq."x",title.like."*")`, `title=eq.x' or '1'='1`, `title=eq.x');drop table public.${notes};--`,
        `title=in.("x","x') or true --")`, "title=like.%25", "title=fts.secret", "title=match..*", `user_id=eq.${owner.id}`, "user_id=neq.00000000-0000-4000-8000-000000000000", "id=gte.0' or true --",
        "select=*,users(*)", "select=*,auth.users(*)", "select=title,(select title from public.app_kitchen1_notes_owner)", "select=title::text,count()", "select=title.max()", "select=*,book(*,app_kitchen1_notes_owner(*))",
        `select=*,${books}(title)`, `select=*,app_${OTHER_APP}_books_owner(*)`, `select=*,x:${books}!inner(*)&x.title=like.*`, "select=title\"; select 1; --", "select=pg_sleep(5)",
        "order=title;drop table public.x", "order=(select 1)", "order=title.desc,pg_sleep(5)", "limit=1;select 1", "offset=-1", "limit=all", "columns=title", "on_conflict=id;--", "apikey=x", "title->>x=eq.1", "title->'a'';--=eq.1",
      ];
      const HEADERS = [{ "accept-profile": "platform" }, { "accept-profile": "auth" }, { "content-profile": "auth" }, { prefer: "count=exact,tx=rollback,handling=strict" }, { accept: "application/vnd.pgrst.plan+text" }, { accept: "text/csv" }, { range: "0-' or true" }];
      const strangers = { "anon": shard.publishable_key, "other user": token(shard, { id: callers["other user"].id }, APP), "other app": token(shard, owner, OTHER_APP), "no claim": owner.session };
      for (const [who, shown] of Object.entries(strangers)) {
        const ask = async (method, query, headers, body) => {
          const answer = await fetch(`${shard.url}/rest/v1/${notes}?${query.replaceAll(" ", "%20").replaceAll("#", "%23")}`, {
            method, body, signal: AbortSignal.timeout(4_000), headers: { apikey: shard.publishable_key, authorization: `Bearer ${shown}`, "content-type": "application/json", ...headers },
          });
          return { status: answer.status, text: await answer.text() };
        };
        for (const [query, headers] of [...QUERIES.map((query) => [query, {}]), ...HEADERS.map((headers) => ["select=*", headers])]) {
          const what = `${who}: ${query} ${JSON.stringify(headers)}`;
          const read = await ask("GET", query, headers);
          assert.ok(!/A secret|A garden/.test(read.text) && !read.text.includes(book.id) && !read.text.includes(garden.id), `${what}: ${read.text}`);
          for (const [method, body] of [["PATCH", `{"title":"Taken"}`], ["DELETE"]]) {
            // One without a filter is for all rows.
            const change = await ask(method, query, headers, body);
            assert.ok(change.status < 500 || /^\{"code"/.test(change.text), `${what}: ${change.status} ${change.text}`);
          }
        }
        assert.equal(await everything(), before, who);
      }
    });
  });
}
