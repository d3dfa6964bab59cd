// The same on an account, where an app's own Worker counts what it answers and tells the platform, which believes nobody else.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { App } from "../support/app.mjs";
import { startOnAccount } from "../support/cloudflare.mjs";
import { live } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const PATH = "functions/orders.ts";
const answers = (body) => `export default { fetch(request: Request): Response { ${body} } }\n`;

let account;
let api;
let stack;
let app;
let bridge;
/** What Workers of apps have told the platform. */
const told = [];

before(async () => {
  account = await startOnAccount({ CLOUDFLARE_PLATFORM: "platform" });
  ({ api, stack } = account);
  // The platform is no Worker of the double, so that one stands for it there.
  bridge = http.createServer(async (request, answer) => {
    const chunks = await request.toArray();
    const { "x-visited": host, authorization } = request.headers;
    const heard = await stack.request(request.url, { host, method: request.method, headers: { authorization }, body: Buffer.concat(chunks) });
    told.push({ target: request.url, host, authorization, body: Buffer.concat(chunks).toString(), status: heard.status, at: Date.now() });
    answer.writeHead(heard.status).end(heard.bytes);
  });
  await new Promise((done) => bridge.listen(0, "127.0.0.1", done));
  await api.deploy("platform", `export default {
  async fetch(request) {
    const { host, pathname } = new URL(request.url);
    const headers = { "x-visited": host, authorization: request.headers.get("authorization") ?? "" };
    return fetch("http://127.0.0.1:${bridge.address().port}" + pathname, { method: request.method, headers, body: await request.text() });
  },
};`);
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  bridge?.close();
  await account?.stop();
});

const visit = (url, path = "/api/orders", options) => api.visit(new URL(url).host, path, options);
const show = async ({ id }) => (await app.get(`/deployments/${id}`)).deployment;

async function visits(url, count, path) {
  const seen = [];
  for (let number = 0; number < count; number += 1) seen.push((await visit(url, path)).status);
  return seen;
}

async function deployed(text) {
  const known = await app.fileCall("GET", PATH);
  const { version } = await app.write(PATH, text, known.headers.etag);
  await app.settled();
  return live(app, "staging", { version });
}

describe("errors right after a deployment to an account", () => {
  let first;
  let second;

  test("are told by the app's own Worker, about once a second, and what works tells nothing", async () => {
    first = await deployed(answers('if (new URL(request.url).pathname.endsWith("/bad")) throw new Error("bad")\n  return new Response("good")'));
    assert.deepEqual(await visits(first.url, 20), Array(20).fill(200));
    assert.deepEqual(await visits(first.url, 4, "/api/none"), Array(4).fill(404));
    await sleep(1_500);
    assert.deepEqual(told, []);
    assert.deepEqual(await visits(first.url, 12, "/api/orders/bad"), Array(12).fill(500));
    await until("it to be told", () => told.length > 0);
    await sleep(1_500);
    const all = told.map(({ body }) => JSON.parse(body));
    const sum = (name) => all.reduce((sum, one) => sum + one[name], 0);
    assert.equal(sum("failed"), 12);
    // Files, the page and the two looks at it before it went live may be among what was answered well.
    assert.ok(sum("all") >= 36, JSON.stringify(all));
    assert.deepEqual([...new Set(told.map(({ target, host, status }) => `${target} ${host} ${status}`))], [`/_answers ${new URL(first.url).host} 204`]);
    for (let number = 1; number < told.length; number += 1) assert.ok(told[number].at - told[number - 1].at > 900);
    const { status, trouble } = await show(first);
    assert.deepEqual([status, trouble], ["live", null], "less than half");
  });

  test("bring back what was there before", async () => {
    second = await deployed(answers('if (request.method === "GET") throw new Error("no orders")\n  return new Response("done")'));
    const began = Date.now();
    // The page may be among them, from before it went live.
    assert.deepEqual(await visits(second.url, 20), Array(20).fill(500));
    await until("the address to be back", async () => (await visit(second.url)).status === 200);
    console.log(`# from the first error to the version before, on an account: ${Date.now() - began} ms`);
    const [back] = await until("the history", async () => {
      const { deployments } = await app.get("/deployments");
      return deployments[0].status === "live" && deployments;
    });
    const { kind, to, from, reason } = back.origin;
    assert.deepEqual([kind, to, from, back.by, back.version, back.digest], ["automatic_rollback", first.id, second.id, "automatic", first.version, first.digest]);
    assert.match(reason, /^\d+ of \d+ answers in the (\d+ seconds|second) after the switch were errors\.$/);
    assert.equal((await show(second)).status, "superseded");
  });

  test("are believed of nobody but that Worker", async () => {
    const third = await deployed(answers('return new Response("good")'));
    const { host } = new URL(third.url);
    const { authorization } = told.at(-1);
    const body = JSON.stringify({ all: 100, failed: 100 });
    const tell = (to, headers, text = body) => stack.request("/_answers", { host: to, method: "POST", headers, body: text });
    const [head, ...rest] = authorization.slice("Bearer ".length).split("");
    for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer x" }, { authorization: `Bearer ${stack.token}` }, { authorization: `Bearer ${head}${rest.reverse().join("")}` }]) {
      assert.equal((await tell(host, headers)).status, 403, JSON.stringify(headers));
    }
    // What was sealed for an earlier deployment says nothing of this one, and nothing of another environment or app.
    assert.equal((await tell(host, { authorization })).status, 204);
    for (const other of [`preview-${app.id}`, `staging-${app.id.replace(/./, (one) => (one === "a" ? "b" : "a"))}`]) {
      assert.equal((await tell(host.replace(/^[^.]+/, other), { authorization })).status, 403, other);
    }
    assert.equal((await tell(host, { authorization }, "[]")).status, 400);
    // Visitors do not come to the platform.
    assert.equal((await visit(third.url, "/_answers", { method: "POST", headers: { authorization }, body })).status, 405);
    await sleep(1_500);
    const { status, trouble } = await show(third);
    assert.deepEqual([status, trouble], ["live", null]);
    const [newest] = (await app.get("/deployments")).deployments;
    assert.equal(newest.id, third.id);
  });
});

test("the log has no panic", () => assertNoPanic(stack));
