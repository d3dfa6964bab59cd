// Apps that go from one database to another while people use them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { startShard } from "../data/shard.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";
import { until } from "../support/wait.mjs";

const NOTES = [{ name: "notes", access: "app_read", columns: [{ name: "number", type: "integer", unique: true }, { name: "text", type: "text" }] }, { name: "books" }];
const good = ({ data, error }) => {
  assert.equal(error, null, JSON.stringify(error));
  return data;
};

describe("an app that moves", () => {
  let stack;
  const shards = {};
  const ids = {};
  const apps = [];

  before(async () => {
    // One after the other, so that what has started is stopped when another does not start.
    for (const name of ["east", "west"]) shards[name] = await startShard("postgres");
    stack = await startStack({ env: { OVERSKILL_DATA: "off", OVERSKILL_VAR_SEAL_KEYS: `first:${randomBytes(32).toString("base64")}` } });
    for (const [name, { url, secret_key, publishable_key, jwt_secret }] of Object.entries(shards)) {
      const answer = await stack.api("POST", "/v1/shards", { url, secret_key, publishable_key, jwt_secret, max_tables: 20 });
      assert.equal(answer.status, 201, answer.text);
      ids[name] = answer.body.shard.id;
    }
  });

  after(async () => {
    for (const app of apps) app.close();
    await Promise.all([stack?.stop(), ...Object.values(shards).map((shard) => shard.stop())]);
  });

  const create = async (rows = 0) => {
    const app = await App.create(stack, "what can you do?");
    apps.push(app);
    const answer = await app.api("POST", "/tables", { tables: NOTES });
    assert.equal(answer.status, 200, answer.text);
    const db = visitor(stack, app);
    const email = `cook-${app.id}@example.com`;
    good(await db.auth.signUp({ email, password: PASSWORD }));
    const { user } = good(await db.auth.signInWithPassword({ email, password: PASSWORD }));
    const from = await isIn(app);
    await shards[from].sql.unsafe(`insert into app_${app.id}_notes (user_id, number, text) select '${user.id}', n, repeat('words ', 100) from generate_series(1, ${rows}) n`);
    return { app, db, email, from, to: from === "east" ? "west" : "east", notes: () => db.from(`app_${app.id}_notes`) };
  };
  const tablesIn = async (name, app) => (await shards[name].sql`select name from platform.app_tables where app_id = ${app.id}`).length;
  const isIn = async (app) => ((await tablesIn("east", app)) > 0 ? "east" : "west");
  const at = (name, app) => `/v1/shards/${ids[name]}/apps/${app.id}`;
  const move = async (name, app) => {
    const answer = await stack.api("PUT", at(name, app));
    assert.equal(answer.status, 202, answer.text);
    return answer.body.app;
  };
  const listed = async (name, app) => {
    const answer = await stack.api("GET", `/v1/shards/${ids[name]}/apps?limit=200`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.apps.find((one) => one.app === app.id);
  };
  /** Those that have left something behind, and where. */
  const left = [];
  const moved = async (name, app) => {
    await until("the app to have moved", async () => (await listed(name, app))?.move?.state === "arrived");
    left.push([name === "east" ? "west" : "east", app]);
  };
  const counts = async (name) => (({ apps, tables }) => [apps, tables])((await stack.api("GET", "/v1/shards")).body.shards.find(({ id }) => id === ids[name]));

  test("is read all the time, and loses nothing that was written", async () => {
    const { app, db, email, from, to, notes } = await create(3_000);
    const before = [await counts(from), await counts(to)];
    const written = new Set();
    const refusals = new Set();
    let isOver = false;
    const write = async () => {
      for (let number = 10_000; !isOver; number += 1) {
        const { error } = await notes().insert({ number, text: "while it moves" });
        if (!error) written.add(number);
        else refusals.add(error.code);
        await sleep(20);
      }
    };
    let reads = 0;
    const read = async () => {
      const token = (await db.auth.getSession()).data.session.access_token;
      for (; !isOver; await sleep(20)) {
        const { error, count, status } = await visitor(stack, app, { token }).from(`app_${app.id}_notes`).select("*", { count: "exact", head: true });
        // Sessions stay behind.
        if (status === 401 && (await listed(to, app))) return;
        assert.equal(error, null, JSON.stringify(error));
        assert.ok(count >= 3_000);
        reads += 1;
      }
    };
    const both = Promise.all([write(), read()]);
    await until("some rows", () => written.size > 5 && reads > 5);
    const begun = await move(to, app);
    assert.deepEqual([begun.tables, begun.move.from, begun.move.to, begun.move.state], [2, ids[from], ids[to], "copying"]);
    assert.deepEqual((await move(to, app)).move.since, begun.move.since, "said again, it is the same");
    assertProblem(await stack.api("PUT", at(from, app)), "conflict", /on its way/);
    await until("it to be held", () => refusals.has("PT503"));
    assertProblem(await app.api("POST", "/tables", { tables: [{ name: "more" }] }), "unavailable", /being moved/);
    await moved(to, app);
    isOver = true;
    await both;
    assert.deepEqual((await stack.api("GET", `/v1/shards/${ids[from]}/apps`)).body.apps, []);
    assert.equal(await tablesIn(to, app), 2);
    assertProblem(await stack.api("DELETE", `/v1/shards/${ids[from]}`), "conflict", /on its way/);
    assertProblem(await stack.api("DELETE", at(to, app)), "conflict", /has arrived/);
    const numbers = (await shards[to].sql.unsafe(`select number from app_${app.id}_notes order by number`)).map(({ number }) => number);
    assert.deepEqual(numbers, [...Array.from({ length: 3_000 }, (_, index) => index + 1), ...[...written].sort((one, other) => one - other)]);
    assert.deepEqual([await counts(from), await counts(to)], [before[0].map((count, index) => count - [1, 2][index]), before[1].map((count, index) => count + [1, 2][index])]);
    // Whoever was signed in signs in again, with the same password.
    const { error } = await db.auth.refreshSession();
    assert.ok(error.status < 500, JSON.stringify(error));
    good(await db.auth.signInWithPassword({ email, password: PASSWORD }));
    good(await notes().insert({ number: 1_000_000 }));
    assert.equal((await app.api("POST", "/tables", { tables: [{ name: "more" }] })).status, 200);
    assert.equal(await tablesIn(to, app), 3);
    assert.equal((await app.get("/members")).members.length, 1);
  });

  test("goes on where it was when everything is killed", async () => {
    const { app, from, to } = await create(12_000);
    const sums = () => shards[from].sql.unsafe(`select count(*), sum(hashtext(t::text)) from app_${app.id}_notes t`);
    const [was] = await sums();
    await move(to, app);
    for (const parts of [2, 6]) {
      const seen = await until(`${parts} parts`, async () => {
        const { move } = await listed(from, app);
        return move.parts >= parts && move;
      });
      assert.equal(seen.state, "copying");
      await stack.waitHealthy({ not: stack.killWorker() });
      const { move } = await listed(from, app);
      assert.ok(move.parts >= seen.parts, "it does not begin anew");
    }
    await moved(to, app);
    const [is] = await shards[to].sql.unsafe(`select count(*), sum(hashtext(t::text)) from app_${app.id}_notes t`);
    assert.deepEqual({ ...is }, { ...was });
  });

  test("stays where it was when it cannot arrive", async () => {
    const { app, from, to, notes } = await create(10);
    const before = [await counts(from), await counts(to)];
    const { sql } = shards[to];
    await sql.unsafe("alter function public.move_in(text, text) rename to nothing; notify pgrst, 'reload schema'").simple();
    await move(to, app);
    const { move: failed } = await until("it to fail", async () => {
      const one = await listed(from, app);
      return one?.move?.state === "failed" && one;
    });
    assert.match(failed.error, /move_in/);
    await sql.unsafe("alter function public.nothing(text, text) rename to move_in; notify pgrst, 'reload schema'").simple();
    good(await notes().insert({ number: 11 }));
    assert.deepEqual([await counts(from), await counts(to)], before);
    assert.equal((await stack.api("DELETE", at(to, app))).status, 204);
    assert.equal((await listed(from, app)).move, null, "it is forgotten");
    await move(to, app);
    await moved(to, app);
    assert.equal(await tablesIn(to, app), 2);
  });

  test("is called off while the other shard is silent", async () => {
    const { app, from, to, notes } = await create(12_000);
    const before = await counts(to);
    await move(to, app);
    await until("some parts", async () => (await listed(from, app)).move.parts >= 3);
    shards[to].pause();
    try {
      assert.equal((await notes().insert({ number: 20_000 })).error?.code, "PT503");
      await until("it to be told", async () => (await listed(from, app)).move.error !== null);
      assert.equal((await stack.api("DELETE", at(to, app))).status, 204);
      await until("it to be let go", async () => (await notes().insert({ number: 20_000 })).error === null);
      assert.equal((await listed(from, app)).move.state, "undoing");
      assert.equal((await app.api("POST", "/tables", { tables: [{ name: "more" }] })).status, 200, "it goes on as ever");
    } finally {
      shards[to].resume();
    }
    await until("it to stay", async () => (await listed(from, app)).move.state === "failed");
    assert.deepEqual(await counts(to), before);
    assert.equal(await tablesIn(to, app), 0);
    assert.equal((await stack.api("DELETE", at(to, app))).status, 204);
    assert.equal((await stack.api("DELETE", at(to, app))).status, 204, "done again");
    assert.equal((await listed(from, app)).move, null);
  });

  test("that is deleted meanwhile is deleted where it has arrived", async () => {
    const { app, from, to } = await create(3_000);
    await move(to, app);
    assert.equal((await app.api("DELETE", "")).status, 204);
    await until("it to be gone", async () => !(await listed(from, app)) && !(await listed(to, app)) && (await tablesIn(to, app)) === 0);
    left.push([from, app], [to, app]);
    // And once more, before anything of it was copied.
    const other = await create();
    const [gone] = await Promise.all([other.app.api("DELETE", ""), stack.api("PUT", at(other.to, other.app))]);
    assert.equal(gone.status, 204);
    left.push([other.from, other.app], [other.to, other.app]);
  });

  test("goes where there is room, if anywhere, and for the operator alone", async () => {
    const { app, from, to } = await create();
    const limit = (max_tables) => stack.api("PATCH", `/v1/shards/${ids[to]}`, { max_tables });
    await limit(1);
    assertProblem(await stack.api("PUT", at(to, app)), "conflict", /no app with 2 tables/);
    await limit(20);
    assert.equal((await move(from, app)).move, null, "it is there");
    assertProblem(await stack.api("PUT", `/v1/shards/${ids[to]}/apps/nothing1`), "not_found", /no data/);
    assertProblem(await stack.api("PUT", `/v1/shards/saaaaaaaaaaaaaaa/apps/${app.id}`), "not_found", /no such shard/);
    assertProblem(await stack.api("GET", "/v1/shards/saaaaaaaaaaaaaaa/apps"), "not_found", /no such shard/);
    assertProblem(await stack.api("GET", `/v1/shards/${ids[to]}/apps?cursor=x`), "invalid", /cursor/);
    const lists = await Promise.all(Object.values(ids).map(async (id) => ({ id, all: (await stack.api("GET", `/v1/shards/${id}/apps`)).body.apps.map((one) => one.app) })));
    const { id, all } = lists.find((list) => list.all.length > 1);
    const first = (await stack.api("GET", `/v1/shards/${id}/apps?limit=1`)).body;
    const second = (await stack.api("GET", `/v1/shards/${id}/apps?limit=1&cursor=${first.next_cursor}`)).body;
    assert.deepEqual([first.apps, second.apps].map((apps) => apps.map((one) => one.app)), [[all[0]], [all[1]]]);
    for (const [method, target] of [["GET", `/v1/shards/${ids[to]}/apps`], ["PUT", at(to, app)], ["DELETE", at(to, app)]]) {
      assertProblem(await stack.request(target, { method }), "unauthenticated");
    }
  });

  test("leaves nothing behind in the end", async () => {
    for (const [name, app] of left) {
      await until(`${app.id} to be gone from ${name}`, async () => (await shards[name].sql`select from platform.apps where app_id = ${app.id}`).length === 0, { timeoutMs: 240_000, everyMs: 500 });
      assert.equal((await shards[name].sql.unsafe(`select from pg_tables where tablename like 'app_${app.id}_%'`)).length, 0);
    }
    for (const name of Object.keys(shards)) for (const { app, move } of (await stack.api("GET", `/v1/shards/${ids[name]}/apps?limit=200`)).body.apps) assert.equal(move, null, app);
    assertNoPanic(stack);
    const log = stack.log("worker");
    for (const { secret_key, jwt_secret } of Object.values(shards)) for (const secret of [secret_key, jwt_secret]) assert.ok(!log.includes(secret), "a key in the log");
  });
});
