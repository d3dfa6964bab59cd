// Word of changes at an app's address, with @supabase/supabase-js as it is: whoever may read hears, under names of the app's own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import WebSocket from "ws";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";
import { until } from "../support/wait.mjs";

for (const backend of ["pglite", "postgres"]) {
  describe(`over ${backend}`, () => {
    let stack;
    let kitchen;
    let garden;
    const clients = [];

    const table = (app, name) => `app_${app.id}_${name}`;
    const client = (app, options) => {
      const db = visitor(stack, app, options);
      clients.push(db);
      return db;
    };
    const signedUp = async (app, email) => {
      const db = client(app);
      const { data, error } = await db.auth.signUp({ email, password: PASSWORD });
      assert.equal(error, null, String(error));
      return { db, id: data.user.id, token: data.session.access_token };
    };
    /** Joins a channel: `{state, why, heard}`. */
    const join = async (db, name, config = { private: true }) => {
      const heard = [];
      const channel = db.channel(name, { config }).on("broadcast", { event: "change" }, ({ payload: { table, type } }) => heard.push(`${type} ${table}`));
      const [state, error] = await new Promise((resolve) => channel.subscribe((...said) => resolve(said)));
      if (state !== "SUBSCRIBED") await db.removeChannel(channel);
      return { state, why: error?.message, heard, channel };
    };
    const joined = async (db, name) => {
      const { state, why, ...rest } = await join(db, name);
      assert.equal(state, "SUBSCRIBED", why);
      return rest;
    };
    /** A plain WebSocket at an app's address, and what it was told. */
    const plain = async (app, query = "vsn=2.0.0", headers = {}) => {
      const { host } = new URL(app.created.preview_url);
      const socket = new WebSocket(`ws://127.0.0.1:${stack.port}/realtime/v1/websocket?${query}`, { headers: { host, ...headers } });
      const said = [];
      socket.on("message", (data) => said.push(JSON.parse(data)));
      const closed = new Promise((resolve) => socket.once("close", (code, reason) => resolve([code, String(reason)])));
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      return { socket, said, closed };
    };

    before(async () => {
      stack = await startStack({ env: { OVERSKILL_DATA: backend } });
      [kitchen, garden] = [await App.create(stack, "what can you do?"), await App.create(stack, "what can you do?")];
      for (const app of [kitchen, garden]) {
        const tables = ["owner", "public_read", "app_read"].map((access) => ({ name: `notes_${access}`, access, realtime: true, columns: [{ name: "title", type: "text" }] }));
        const quiet = { name: "quiet", access: "public_read", columns: [{ name: "title", type: "text" }] };
        const answer = await app.api("POST", "/tables", { tables: [...tables, quiet] });
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(answer.body.tables.map(({ name, realtime }) => [name, realtime]), [["notes_app_read", true], ["notes_owner", true], ["notes_public_read", true], ["quiet", false]]);
      }
    });

    after(async () => {
      for (const db of clients) await db.removeAllChannels();
      for (const app of [kitchen, garden]) app?.close();
      await stack?.stop();
    });

    test("whoever may read hears of it, in this app and no other", async () => {
      const cook = await signedUp(kitchen, "cook@example.com");
      const guest = await signedUp(kitchen, "guest@example.com");
      const gardener = await signedUp(garden, "cook2@example.com");
      const ears = {
        anybody: await joined(client(kitchen), "everyone"),
        "the cook's": await joined(cook.db, "mine"),
        "the guest's": await joined(guest.db, "mine"),
        "the guest, a user": await joined(guest.db, "members"),
        "another app's": await joined(gardener.db, "members"),
        "another app's cook": await joined(gardener.db, "mine"),
        "anybody elsewhere": await joined(client(garden), "everyone"),
      };
      const expected = { notes_owner: ["the cook's"], notes_public_read: ["anybody"], notes_app_read: ["the guest, a user"], quiet: [] };
      for (const [name, who] of Object.entries(expected)) {
        const { data } = await cook.db.from(table(kitchen, name)).insert({ title: "Soup" }).select().single().throwOnError();
        await cook.db.from(table(kitchen, name)).update({ title: "Stew" }).eq("id", data.id).throwOnError();
        await cook.db.from(table(kitchen, name)).delete().eq("id", data.id).throwOnError();
        await until(`${name} is heard of`, () => who.every((ear) => ears[ear].heard.length === 3));
        await sleep(100);
        for (const [ear, { heard }] of Object.entries(ears)) {
          assert.deepEqual(heard.splice(0), who.includes(ear) ? ["INSERT", "UPDATE", "DELETE"].map((type) => `${type} ${name}`) : [], `${name}, ${ear}`);
        }
      }
    });

    test("who is nobody here joins nothing but what everyone does", async () => {
      const cook = await signedUp(kitchen, "cook3@example.com");
      const elsewhere = await signedUp(garden, "cook3b@example.com");
      for (const [who, db, names] of [["nobody", client(kitchen), ["members", "mine"]], ["another app's user", client(kitchen, { token: elsewhere.token }), ["everyone", "members", "mine"]]]) {
        for (const name of names) {
          const { state, why } = await join(db, name);
          assert.equal(state, "CHANNEL_ERROR", who);
          assert.match(why, who === "nobody" ? /Sign in to join/ : /the token is not valid/);
        }
      }
      for (const name of ["room", `app:${kitchen.id}:members`, `app:${garden.id}:members`, "*"]) {
        for (const config of [{ private: true }, { private: false }]) {
          const { state, why } = await join(cook.db, name, config);
          assert.deepEqual([state, /use `db.subscribe`/.test(why)], ["CHANNEL_ERROR", true], name);
        }
      }
    });

    test("nobody tells anything through it, and no change of a table is listened to past it", async () => {
      const [cook, guest] = [await signedUp(kitchen, "cook4@example.com"), await signedUp(kitchen, "guest4@example.com")];
      const ear = await joined(guest.db, "members");
      const changes = [];
      const mouth = cook.db.channel("members", { config: { private: true, broadcast: { self: true, ack: true } } })
        .on("postgres_changes", { event: "*", schema: "public", table: table(garden, "notes_owner") }, (change) => changes.push(change));
      await new Promise((resolve) => mouth.subscribe(resolve));
      await mouth.send({ type: "broadcast", event: "change", payload: { table: "notes_owner", type: "INSERT" } });
      const raw = await plain(kitchen);
      const answers = () => raw.said.filter(([, , , event]) => event === "phx_reply").map(([, ref, topic, , payload]) => [ref, topic, payload]);
      raw.socket.send(JSON.stringify(["1", "1", "realtime:everyone", "phx_join", { access_token: cook.token }]));
      await until("it is answered", () => answers().length === 1, { timeoutMs: 10_000 });
      raw.socket.send(JSON.stringify(["1", "2", "realtime:everyone", "broadcast", { type: "broadcast", event: "change", payload: {} }]));
      await until("it is answered", () => answers().length === 2, { timeoutMs: 10_000 });
      assert.deepEqual(answers(), [
        ["1", "realtime:everyone", { status: "ok", response: { postgres_changes: [] } }],
        ["2", "realtime:everyone", { status: "error", response: { reason: "The database alone tells something here" } }],
      ]);
      raw.socket.close();
      const sent = await stack.request("/realtime/v1/api/broadcast", { host: new URL(kitchen.created.preview_url).host, method: "POST", body: "{}" });
      assert.deepEqual([sent.status, JSON.parse(sent.text)], [404, { error: "An app's address does not serve this." }]);
      await sleep(200);
      assert.deepEqual([ear.heard, changes], [[], []]);
    });

    test("who signs out, or in as somebody else, hears what is theirs by then", async () => {
      const db = client(kitchen);
      const one = await signedUp(kitchen, "one@example.com");
      await signedUp(kitchen, "two@example.com");
      await db.auth.signInWithPassword({ email: "one@example.com", password: PASSWORD });
      const mine = await joined(db, "mine");
      await one.db.from(table(kitchen, "notes_owner")).insert({ title: "Soup" }).throwOnError();
      await until("it is heard", () => mine.heard.length === 1);
      await db.auth.signInWithPassword({ email: "two@example.com", password: PASSWORD });
      await sleep(300);
      await one.db.from(table(kitchen, "notes_owner")).insert({ title: "Stew" }).throwOnError();
      await sleep(300);
      assert.equal(mine.heard.length, 1);
      // The client joins again by itself, and is the other user now.
      await until("it has joined again", () => mine.channel.state === "joined", { timeoutMs: 10_000 });
      await db.from(table(kitchen, "notes_owner")).insert({ title: "Pie" }).throwOnError();
      await until("it is heard", () => mine.heard.length === 2);
      await db.auth.signOut();
      await until("it has left", () => mine.channel.state !== "joined", { timeoutMs: 10_000 });
    });

    test("who leaves a channel and joins it again at once is in it", async () => {
      const [db, cook] = [client(kitchen), await signedUp(kitchen, "cook6@example.com")];
      const before = await joined(db, "everyone");
      await db.removeChannel(before.channel);
      const then = await joined(db, "everyone");
      await sleep(200);
      await cook.db.from(table(kitchen, "notes_public_read")).insert({ title: "Soup" }).throwOnError();
      await until("it is heard", () => then.heard.length === 1, { timeoutMs: 10_000 });
      assert.deepEqual(before.heard, []);
    });

    test("what is no message of the protocol, too long or too much ends the connection", async () => {
      const heartbeat = JSON.stringify([null, "1", "phoenix", "heartbeat", {}]);
      const cases = [
        ["words", (socket) => socket.send("hello"), 1007],
        ["bytes", (socket) => socket.send(Buffer.from([1, 2, 3])), 1003],
        ["a long one", (socket) => socket.send(JSON.stringify([null, "1", "phoenix", "x".repeat(20_000), {}])), 1009],
        ["very many", (socket) => Array.from({ length: 101 }, () => socket.send(heartbeat)), 1008],
      ];
      for (const [what, say, code] of cases) {
        const { socket, closed } = await plain(kitchen);
        say(socket);
        assert.equal((await closed)[0], code, what);
      }
      // Both versions of the protocol.
      const [first, second] = [await plain(kitchen, "vsn=1.0.0"), await plain(kitchen, "vsn=2.0.0")];
      first.socket.send(JSON.stringify({ topic: "phoenix", event: "heartbeat", payload: {}, ref: "7" }));
      second.socket.send(heartbeat);
      await until("both are answered", () => first.said.length === 1 && second.said.length === 1);
      assert.deepEqual(first.said[0], { topic: "phoenix", event: "phx_reply", payload: { status: "ok", response: {} }, ref: "7" });
      assert.deepEqual(second.said[0], [null, "1", "phoenix", "phx_reply", { status: "ok", response: {} }]);
      for (const { socket } of [first, second]) socket.close();
      const { host } = new URL(kitchen.created.preview_url);
      const refusals = [["/realtime/v1/websocket", {}, 426], ["/realtime/v1/websocket?vsn=9", {}, 400], ["/realtime/v1/", {}, 404]];
      for (const [target, headers, status] of refusals) assert.equal((await stack.request(target, { host, headers })).status, status, target);
    });

    test("when the database goes away, so does the connection, and it comes back with it", async () => {
      const cook = await signedUp(kitchen, "cook5@example.com");
      const ear = await joined(cook.db, "mine");
      await stack.restart();
      await until("it has joined again", () => ear.channel.state === "joined" && cook.db.realtime.isConnected(), { timeoutMs: 30_000 });
      await sleep(500);
      await cook.db.from(table(kitchen, "notes_owner")).insert({ title: "Soup" }).throwOnError();
      await until("it is heard", () => ear.heard.length > 0, { timeoutMs: 15_000 });
    });

    test("nothing has panicked", () => assertNoPanic(stack));
  });
}
