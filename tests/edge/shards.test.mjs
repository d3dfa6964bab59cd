// Apps whose data is spread over several databases: the stack's own and those that the operator adds.
import assert from "node:assert/strict";
import { createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { startShard } from "../data/shard.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const KEY = randomBytes(32);
const sealKeys = (...keys) => keys.map(([id, key]) => `${id}:${key.toString("base64")}`).join(",");
const PASSWORD = "correct horse battery staple";

let stack;
let east;
let west;
const apps = [];
const env = { OVERSKILL_DATA: "postgres", OVERSKILL_VAR_SEAL_KEYS: sealKeys(["first", KEY]) };

const create = async () => {
  const app = await App.create(stack, "what can you do?");
  apps.push(app);
  return app;
};
const keysOf = ({ url, secret_key, publishable_key, jwt_secret }) => ({ url, secret_key, publishable_key, jwt_secret });
const add = (shard, more) => stack.api("POST", "/v1/shards", { ...keysOf(shard), ...more });
const shards = async () => {
  const answer = await stack.api("GET", "/v1/shards");
  assert.equal(answer.status, 200, answer.text);
  return answer.body.shards;
};
const shardAt = async (url) => (await shards()).find((shard) => shard.url === url);
const define = (app, names) => app.api("POST", "/tables", { tables: names.map((name) => ({ name, access: "app_read", columns: [{ name: "title", type: "text" }] })) });
const defined = async (app, names) => {
  const answer = await define(app, names);
  assert.equal(answer.status, 200, answer.text);
};
const patch = async (shard, change) => {
  const answer = await stack.api("PATCH", `/v1/shards/${shard.id}`, change);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.shard;
};
/** How many tables of an app are in a database. */
const tablesIn = async ({ sql }, app) => (await sql`select name from platform.app_tables where app_id = ${app.id}`).length;
const host = (app) => new URL(app.created.preview_url).host;
/** Whether the stack's own database has ever been opened. */
const wasWoken = () => fs.existsSync(path.join(stack.state, "data/data/PG_VERSION"));
const signUp = (app, email) => stack.request("/auth/v1/signup", {
  host: host(app), method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password: PASSWORD }),
});
const rows = (app, table, headers = {}) => stack.request(`/rest/v1/app_${app.id}_${table}?select=title`, { host: host(app), headers });

before(async () => {
  // One after the other, so that what has started is stopped when another does not start.
  east = await startShard("postgres");
  west = await startShard("postgres");
  stack = await startStack({ env });
});

after(async () => {
  for (const app of apps) app.close();
  await Promise.all([stack?.stop(), east?.stop(), west?.stop()]);
});

test("at first there is the database of the settings, and nobody has woken it", async () => {
  const [own, ...others] = await shards();
  assert.deepEqual(others, []);
  assert.deepEqual(own, {
    id: "default", url: stack.shard().url, state: "available", tables: 0, max_tables: 500, apps: 0, max_apps: 1_000, down_since: null, checked_at: null,
  });
  const app = await create();
  assert.deepEqual(await app.get("/tables"), { tables: [], next_cursor: null, usage: null });
  assert.deepEqual(await app.get("/members"), { members: [], next_cursor: null });
  assert.deepEqual(await app.get("/sign-up"), { policy: "open", domains: [] });
  for (const path of ["/tables.sql", "/tables/notes/rows.csv"]) assert.equal((await app.api("GET", path)).status, 404, path);
  assert.equal((await shards())[0].apps, 0, "who only looks leads no app to a shard");
  const answer = await rows(app, "notes");
  assert.deepEqual([answer.status, answer.json().code], [404, "PGRST205"]);
  assert.equal((await signUp({ created: { preview_url: `http://preview-nobody12.localhost:${stack.port}` } }, "a@example.com")).status, 404);
  app.close();
  assert.equal((await app.api("DELETE", "")).status, 204);
  await until("the app to be gone", async () => (await stack.api("GET", `/v1/apps/${app.id}`)).status === 404);
  assert.equal((await shards())[0].apps, 0);
  assert.ok(!wasWoken(), "its database was opened");
});

test("only what is a shard of ours becomes one", async () => {
  for (const [change, kind, says] of [
    [{ url: "http://abc.supabase.co" }, "invalid", /https/],
    [{ jwt_secret: "short" }, "invalid", /32 bytes/],
    [{ max_tables: 0 }, "invalid", /1 to 100000/],
    [{ id: "mine" }, "invalid", /`id`/],
    [{ url: "http://127.0.0.1:9" }, "unprocessable", /not ready/],
    [{ url: `${east.url}/nothing` }, "unprocessable", /not ready/],
    [{ secret_key: "sb_secret_wrong" }, "unprocessable", /not ready/],
    [{ jwt_secret: "x".repeat(64) }, "unprocessable", /not ready/],
    [{ url: stack.shard().url }, "conflict", /default/],
  ]) {
    assertProblem(await add(east, change), kind, says);
  }
  await east.sql.unsafe("alter function public.shard_state() rename to shard_state_gone");
  await east.sql.unsafe("notify pgrst, 'reload schema'");
  assertProblem(await add(east), "unprocessable", /migrations/);
  await east.sql.unsafe("alter function public.shard_state_gone() rename to shard_state");
  await east.sql.unsafe("notify pgrst, 'reload schema'");
  assert.equal((await shards()).length, 1);
  assert.ok(!wasWoken(), "by what the deletion of an app leads to later");
});

test("what an app has no room for in one goes to the next, and all full is said", async () => {
  await patch({ id: "default" }, { max_tables: 3 });
  const [one, two, three] = [await create(), await create(), await create()];
  await defined(one, ["a", "b"]);
  await defined(one, ["a", "b"]);
  await defined(two, ["a"]);
  assert.deepEqual((({ tables, apps, state }) => [tables, apps, state])((await shards())[0]), [3, 2, "full"]);
  const full = assertProblem(await define(three, ["a"]), "unavailable", /POST \/v1\/shards/);
  assert.equal(full.status, 503);
  assert.equal(assertProblem(await define(one, ["c"]), "too_large", /room for 0 more tables, and this needs 1.*PATCH \/v1\/shards\/default/).limit, 3);

  const headers = { "idempotency-key": `shard-${randomUUID()}` };
  const added = await stack.api("POST", "/v1/shards", { ...keysOf(east), max_tables: 40 }, headers);
  assert.equal(added.status, 201, added.text);
  const { id, checked_at, ...rest } = added.body.shard;
  assert.match(id, /^s[a-z0-9]{15}$/);
  assert.ok(Math.abs(checked_at - Date.now()) < 60_000);
  assert.deepEqual(rest, { url: east.url, state: "available", tables: 0, max_tables: 40, apps: 0, max_apps: 1_000, down_since: null });
  const again = await stack.api("POST", "/v1/shards", { ...keysOf(east), max_tables: 40 }, headers);
  assert.deepEqual([again.status, again.body], [201, added.body]);
  assertProblem(await add(east), "conflict", /address/);

  await defined(three, ["a"]);
  assert.equal(await tablesIn(east, three), 1);
  assert.deepEqual((await three.get("/tables/a/rows")).rows, []);
  // Dropping makes room, and what the database refuses takes none.
  assertProblem(await define(three, ["fine", "Not fine"]), "unprocessable");
  assert.equal((await shardAt(east.url)).tables, 1);
  assert.equal((await two.api("DELETE", "/tables/a")).status, 204);
  await defined(one, ["c"]);
  assert.equal((await shards())[0].tables, 3);
  await patch({ id: "default" }, { max_tables: 500 });
});

test("ten apps are spread, whatever comes at once", async () => {
  assert.equal((await add(west, { max_tables: 40 })).status, 201);
  await patch({ id: "default" }, { state: "maintenance" });
  const ten = await Promise.all(Array.from({ length: 10 }, create));
  await Promise.all(ten.flatMap((app) => [define(app, ["a", "b", "c"]), define(app, ["b", "c", "d"])].map(async (answer) => assert.equal((await answer).status, 200, (await answer).text))));
  for (const app of ten) {
    const [inEast, inWest] = [await tablesIn(east, app), await tablesIn(west, app)];
    assert.deepEqual([inEast, inWest].sort(), [0, 4], "one app is in one shard");
  }
  const [a, b] = [await shardAt(east.url), await shardAt(west.url)];
  assert.equal(a.apps + b.apps, 11);
  assert.ok(a.apps >= 4 && b.apps >= 4, `${a.apps} and ${b.apps}`);
  assert.equal(a.tables + b.tables, 41);
  assert.equal((await shards())[0].state, "maintenance");
  // Those that are in one that is drained go on.
  await defined(apps[1], ["later"]);
});

test("users and rows are where the app is", async () => {
  const inWest = await until("an app there", async () => {
    for (const app of apps.slice(4)) if (await tablesIn(west, app)) return app;
    return undefined;
  });
  const answer = await signUp(inWest, "cook@example.com");
  assert.equal(answer.status, 200, answer.text);
  const { access_token } = answer.json();
  const authorization = { authorization: `Bearer ${access_token}` };
  const made = await stack.request(`/rest/v1/app_${inWest.id}_a`, {
    host: host(inWest), method: "POST", headers: { ...authorization, "content-type": "application/json", prefer: "return=representation" }, body: JSON.stringify({ title: "Soup" }),
  });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual((await rows(inWest, "a", authorization)).json(), [{ title: "Soup" }]);
  assert.equal((await inWest.get("/tables/a/rows")).rows.length, 1);
  assert.equal((await west.sql.unsafe(`select * from public.app_${inWest.id}_a`)).length, 1);
  assert.equal((await east.sql`select from auth.users where email = 'cook@example.com'`).length, 0);
  // An app that has no tables, and whose first visitor signs in.
  const visited = await create();
  assert.equal((await signUp(visited, "guest@example.com")).status, 200);
  await defined(visited, ["a"]);
  const [inEast, there] = [await tablesIn(east, visited), await tablesIn(west, visited)];
  const { sql } = inEast ? east : west;
  assert.equal(inEast + there, 1);
  assert.equal((await sql`select from platform.app_members where app_id = ${visited.id}`).length, 1, "its user is where its tables are");
});

test("keys are told to nobody, and stand nowhere in clear", async () => {
  const { id } = await shardAt(east.url);
  const secrets = [east, west].flatMap(({ secret_key, publishable_key, jwt_secret }) => [secret_key, publishable_key, jwt_secret]);
  const told = [await stack.api("GET", "/v1/shards"), await stack.api("PATCH", `/v1/shards/${id}`, { max_apps: 999 }), await add(east)];
  for (const { text } of told) for (const secret of secrets) assert.ok(!text.includes(secret));
  for (const log of ["dev", "worker", "data"]) for (const secret of [...secrets, KEY.toString("base64")]) assert.ok(!stack.log(log).includes(secret), `a key in the log of ${log}`);
  const folder = path.join(stack.state, "workerd");
  const stored = fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter((file) => fs.statSync(file).isFile()).map((file) => fs.readFileSync(file, "latin1"));
  assert.ok(stored.some((text) => text.includes(east.url)), "the object's storage was looked at");
  for (const text of stored) for (const secret of secrets) assert.ok(!text.includes(secret), "a key in clear");
  const sealed = new Set(stored.flatMap((text) => text.match(/v1\.first\.[\w-]+\.[\w-]+/g) ?? []));
  const opens = (text, of) => {
    const [, , nonce, body] = text.split(".").map((part) => Buffer.from(part, "base64url"));
    const cipher = createDecipheriv("aes-256-gcm", KEY, nonce).setAAD(Buffer.from(of)).setAuthTag(body.subarray(-16));
    try {
      return Buffer.concat([cipher.update(body.subarray(0, -16)), cipher.final()]).toString();
    } catch {
      return undefined;
    }
  };
  const opened = (of) => [...sealed].map((text) => opens(text, of)).filter((text) => text !== undefined);
  assert.deepEqual(new Set(opened(`shard:${id}:keys:${east.url}`)), new Set([[east.secret_key, east.publishable_key, east.jwt_secret].join("\n")]));
  assert.deepEqual(opened(`shard:${id}:keys:${west.url}`), [], "moved elsewhere, it does not open");
});

test("keys of a shard are replaced by such as open it", async () => {
  const { id } = await shardAt(east.url);
  const { url: _, ...keys } = keysOf(east);
  const change = (shard, more) => stack.api("PATCH", `/v1/shards/${shard}`, { keys: { ...keys, ...more } });
  for (const wrong of [{ secret_key: "sb_secret_wrong" }, { publishable_key: "sb_publishable_wrong" }, { jwt_secret: "x".repeat(64) }]) {
    const answer = await change(id, wrong);
    assertProblem(answer, "unprocessable", /not ready/);
    for (const secret of Object.values(keys)) assert.ok(!answer.text.includes(secret));
  }
  assertProblem(await change(id, { jwt_secret: "short" }), "invalid", /32 bytes/);
  assertProblem(await change("default"), "conflict", /SUPABASE_SECRET_KEY/);
  assertProblem(await change("saaaaaaaaaaaaaaa"), "not_found", /no such shard/);
  const sealed = () => {
    const folder = path.join(stack.state, "workerd");
    const files = fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter((file) => fs.statSync(file).isFile());
    return new Set(files.flatMap((file) => fs.readFileSync(file, "latin1").match(/v1\.first\.[\w-]+\.[\w-]+/g) ?? []));
  };
  const before = sealed();
  const answer = await change(id);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.body.shard).filter((name) => /key|secret/.test(name)), []);
  assert.ok([...sealed()].some((text) => !before.has(text)), "they were sealed anew");
  const inEast = await until("an app there", async () => {
    for (const app of apps.slice(3)) if (await tablesIn(east, app)) return app;
    return undefined;
  });
  assert.equal((await inEast.api("GET", "/tables")).status, 200);
});

test("keys of the installation are replaced", async () => {
  const app = apps.find((one) => one !== apps[0]);
  const inEast = await until("an app there", async () => {
    for (const one of apps.slice(3)) if (await tablesIn(east, one)) return one;
    return undefined;
  });
  for (const one of apps) one.close();
  env.OVERSKILL_VAR_SEAL_KEYS = sealKeys(["other", randomBytes(32)]);
  await stack.restart();
  assertProblem(await inEast.api("GET", "/tables"), "unavailable", /SEAL_KEYS/);
  assert.equal((await app.api("GET", "/tables")).status, 200, "those in the shard of the settings go on");
  env.OVERSKILL_VAR_SEAL_KEYS = sealKeys(["second", randomBytes(32)], ["first", KEY]);
  await stack.restart();
  assert.equal((await inEast.api("GET", "/tables")).status, 200);
  await until("its shard to be well", async () => (await shardAt(east.url)).state === "available");
});

test("a shard that is down fails its own apps only, and gets no new ones", async () => {
  const where = async (shard) => {
    const found = [];
    for (const app of apps.slice(1)) if (await tablesIn(shard, app)) found.push(app);
    return found;
  };
  const [inEast, inWest] = [await where(east), await where(west)];
  await west.stop();
  const lost = await inWest[0].api("GET", "/tables");
  assertProblem(lost, "unavailable", /does not answer/);
  assert.equal((await rows(inWest[0], "a")).status, 503);
  for (const app of inEast) assert.equal((await app.api("GET", "/tables")).status, 200);
  await until("it to be known", async () => (await shardAt(west.url)).state === "gone");
  assert.ok((await shardAt(west.url)).down_since > 0);
  const fresh = await Promise.all(Array.from({ length: 3 }, create));
  for (const app of fresh) {
    await defined(app, ["a"]);
    assert.equal(await tablesIn(east, app), 1);
  }
  assert.equal((await shardAt(west.url)).apps, inWest.length);
});

test("an app that is deleted gives its room back, and an empty shard can be taken away", async () => {
  const gone = await shardAt(east.url);
  assertProblem(await stack.api("DELETE", `/v1/shards/${gone.id}`), "conflict", /data of \d+ apps/);
  for (const app of apps) if (await tablesIn(east, app)) assert.equal((await app.api("DELETE", "")).status, 204);
  await until("the room to be given back", async () => (({ apps, tables }) => apps === 0 && tables === 0)(await shardAt(east.url)));
  assert.equal((await east.sql`select from platform.apps`).length, 0);
  assert.equal((await stack.api("DELETE", `/v1/shards/${gone.id}`)).status, 204);
  assertProblem(await stack.api("DELETE", `/v1/shards/${gone.id}`), "not_found", /no such shard/);
  assertProblem(await stack.api("DELETE", "/v1/shards/default"), "conflict", /settings/);
  assert.equal(await shardAt(east.url), undefined);
  assertNoPanic(stack);
});

test("only the operator may", async () => {
  for (const one of apps) one.close();
  const calls = [["GET", "/v1/shards"], ["POST", "/v1/shards", keysOf(east)], ["PATCH", "/v1/shards/default", { state: "available" }], ["DELETE", "/v1/shards/default"]];
  for (const [method, target] of calls) {
    assertProblem(await stack.request(target, { method }), "unauthenticated");
  }
  for (const operator of ["somebody", ""]) {
    env.OVERSKILL_VAR_OPERATOR_WORKSPACE = operator;
    await stack.restart();
    for (const [method, target, body] of calls) assertProblem(await stack.api(method, target, body), "forbidden", /OPERATOR_WORKSPACE/);
  }
});
