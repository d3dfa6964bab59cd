// Who hears that rows have changed, by real supabase-js over both databases: whoever may read them, and nobody else.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { client, mint, person, seconds, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const APP = "kitchen01";
const OTHER = "gardens01";
const MODES = ["owner", "public_read", "app_read", "team"];
const TEAM = randomUUID();
const TABLES = MODES.map((access) => ({ name: `${access}_notes`, access, realtime: true, columns: [{ name: "text", type: "text" }] }));

/** Joins a topic; what is heard there, or why it may not be joined. */
async function join(shard, token, topic) {
  const asker = client(shard, token);
  if (token) await asker.realtime.setAuth(token);
  const heard = [];
  const channel = asker.channel(topic, { config: { private: true } }).on("broadcast", { event: "change" }, ({ payload }) => heard.push(payload));
  const [state, error] = await new Promise((resolve) => {
    channel.subscribe((state, error) => resolve([state, error]));
  });
  const leave = () => asker.removeAllChannels();
  if (state !== "SUBSCRIBED") await leave();
  return { state, why: error?.message, heard, leave };
}

for (const backend of ["postgres", "pglite"]) {
  describe(`realtime over ${backend}`, () => {
    let shard;
    let mia;
    let ben;
    before(async () => {
      shard = await startShard(backend);
      const { error } = await service(shard).rpc("provision_app", { p_app_id: APP, p_tables: TABLES });
      assert.equal(error, null);
      await service(shard).rpc("provision_app", { p_app_id: OTHER, p_tables: TABLES });
      [mia, ben] = [await person(shard, "mia@example.com"), await person(shard, "ben@example.com")];
      await shard.sql`insert into platform.team_members (app_id, team_id, user_id) values (${APP}, ${TEAM}, ${mia.id}), (${APP}, ${TEAM}, ${ben.id})`;
    });
    after(() => shard?.stop());

    test("a topic is joined by those whom it is for", async () => {
      const mine = `app:${APP}:user:${mia.id}`;
      const callers = {
        "anybody at the app": mint({ role: "anon", app_id: APP }, shard.jwt_secret),
        mia: token(shard, mia, APP),
        ben: token(shard, ben, APP),
        "mia in another app": token(shard, mia, OTHER),
        "mia's session, without an app": mia.session,
        "mia with an app in what she says of herself": mint({ sub: mia.id, role: "authenticated", user_metadata: { app_id: APP } }, shard.jwt_secret),
        "mia's token that has run out": mint({ sub: mia.id, role: "authenticated", app_id: APP, exp: seconds() - 60 }, shard.jwt_secret),
        "a token signed with something else": mint({ sub: mia.id, role: "authenticated", app_id: APP }, "x".repeat(32)),
        "the project's key": undefined,
        "an app that is a pattern": token(shard, mia, "%"),
      };
      const expected = {
        "anybody at the app": ["everyone"],
        mia: ["everyone", "members", "mine"],
        ben: ["everyone", "members"],
      };
      for (const [who, shown] of Object.entries(callers)) {
        const topics = { everyone: `app:${APP}:everyone`, members: `app:${APP}:members`, mine, all: "app:%", none: `app:${APP}:` };
        const tried = await Promise.all(Object.entries(topics).map(async ([name, topic]) => ({ name, ...(await join(shard, shown, topic)) })));
        const joined = tried.filter(({ state }) => state === "SUBSCRIBED").map(({ name }) => name);
        assert.deepEqual(joined, expected[who] ?? [], who);
        await Promise.all(tried.map(({ leave }) => leave()));
      }
    });

    test("whoever may read a row hears of its changes, and of its end", async () => {
      const [asMia, asBen] = [mia, ben].map((one) => client(shard, token(shard, one, APP)));
      const ears = {
        anybody: await join(shard, mint({ role: "anon", app_id: APP }, shard.jwt_secret), `app:${APP}:everyone`),
        members: await join(shard, token(shard, ben, APP), `app:${APP}:members`),
        mia: await join(shard, token(shard, mia, APP), `app:${APP}:user:${mia.id}`),
        ben: await join(shard, token(shard, ben, APP), `app:${APP}:user:${ben.id}`),
        "another app": await join(shard, token(shard, mia, OTHER), `app:${OTHER}:user:${mia.id}`),
      };
      for (const { state, why } of Object.values(ears)) assert.equal(state, "SUBSCRIBED", why);
      const hear = { owner: ["mia"], public_read: ["anybody"], app_read: ["members"], team: ["mia", "ben"] };
      for (const access of MODES) {
        const table = `app_${APP}_${access}_notes`;
        const { data, error } = await asMia.from(table).insert([{ text: "a" }, { text: "b" }]).select();
        assert.equal(error, null, access);
        await asMia.from(table).update({ text: "c" }).eq("id", data[0].id).throwOnError();
        // No row is theirs: nothing happens, and nothing is told.
        await asBen.from(table).update({ text: "d" }).eq("id", data[0].id).throwOnError();
        await asMia.from(table).delete().eq("id", data[0].id).throwOnError();
        for (let wait = 0; wait < 50 && hear[access].some((ear) => ears[ear].heard.length < 3); wait += 1) await sleep(20);
        await sleep(100);
        for (const [who, { heard }] of Object.entries(ears)) {
          const told = heard.splice(0).map(({ id, ...payload }) => payload);
          const all = ["INSERT", "UPDATE", "DELETE"].map((type) => ({ table: `${access}_notes`, type }));
          assert.deepEqual(told, hear[access].includes(who) ? all : [], `${access}, ${who}`);
        }
      }
      await Promise.all(Object.values(ears).map(({ leave }) => leave()));
    });

    test("nobody but the database tells anything", async () => {
      const ear = await join(shard, token(shard, mia, APP), `app:${APP}:members`);
      for (const shown of [token(shard, mia, APP), mint({ role: "anon", app_id: APP }, shard.jwt_secret)]) {
        for (const topic of [`app:${APP}:members`, `app:${APP}:everyone`]) {
          const claims = Buffer.from(shown.split(".")[1], "base64url").toString();
          const { role } = JSON.parse(claims);
          await assert.rejects(
            shard.sql.begin(async (sql) => {
              await sql`select set_config('realtime.topic', ${topic}, true), set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true)`;
              await sql`insert into realtime.messages (topic, extension, event, payload, private) values (${topic}, 'broadcast', 'change', '{}', true)`;
            }),
            /row-level security/,
          );
        }
      }
      assert.deepEqual(ear.heard, []);
      await ear.leave();
    });

    test("one statement that changes the rows of very many tells two hundred of them", async () => {
      const table = `app_${APP}_owner_notes`;
      await shard.sql.unsafe(`
        create table crowd as select gen_random_uuid() as id from generate_series(1, 1100);
        insert into auth.users (id, email) select id, id || '@example.com' from crowd;
        insert into public.${table} (user_id, text) select id, 'x' from crowd`).simple();
      await shard.sql.unsafe("create table told (topic text); create function keep() returns trigger language plpgsql as $$ begin insert into public.told values (new.topic); return null; end $$; create trigger keep after insert on realtime.messages for each row execute function keep()").simple();
      await shard.sql.unsafe(`update public.${table} set text = 'y'`);
      const [{ n, topics }] = await shard.sql`select count(*)::int as n, count(distinct topic)::int as topics from told`;
      assert.deepEqual([n, topics], [200, 200]);
      await shard.sql.unsafe("drop trigger keep on realtime.messages; drop function keep; drop table told, crowd").simple();
    });

    test("it is switched on and off, and said nothing of, stays as it is", async () => {
      const triggers = async () => (await shard.sql`select tgname from pg_trigger where tgrelid = 'public.app_switch01_notes'::regclass and tgname like 'tell%' order by 1`).map(({ tgname }) => tgname);
      const define = async (realtime) => {
        const { error } = await service(shard).rpc("provision_app", { p_app_id: "switch01", p_tables: [{ name: "notes", columns: [], ...(realtime !== undefined && { realtime }) }] });
        return error;
      };
      const all = ["tell_delete", "tell_insert", "tell_update"];
      for (const [said, expected] of [[undefined, []], [true, all], [undefined, all], [null, all], [true, all], [false, []], [undefined, []]]) {
        assert.equal(await define(said), null);
        assert.deepEqual(await triggers(), expected, String(said));
        const { data } = await service(shard).rpc("describe_app", { p_app_id: "switch01" });
        assert.equal(data[0].realtime, expected.length > 0);
      }
      assert.equal((await define("yes")).code, "22023");
      const { error } = await service(shard).rpc("provision_app", { p_app_id: "switch01", p_tables: [{ name: "secrets", access: "server", realtime: true, columns: [] }] });
      assert.equal(error.code, "22023");
      assert.match(error.hint, /leave out "realtime"/);
    });

    test("where the project has no Realtime, a table cannot ask for it", async () => {
      await shard.sql`alter function realtime.send(jsonb, text, text, boolean) rename to send_no_more`;
      const { error } = await service(shard).rpc("provision_app", { p_app_id: "without01", p_tables: [{ name: "notes", realtime: true, columns: [] }] });
      await shard.sql`alter function realtime.send_no_more(jsonb, text, text, boolean) rename to send`;
      assert.deepEqual([error.code, error.message], ["0A000", "the database has no Realtime"]);
      assert.match(error.hint, /Define notes without "realtime"/);
    });
  });
}
