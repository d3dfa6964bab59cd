// What visitors are answered right after a deployment: when most of it is errors, what was there before comes back by itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { deploy, live, over } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const PATH = "functions/orders.ts";
const answers = (body) => `export default { fetch(request: Request): Response { ${body} } }\n`;
const WORKS = answers('return Response.json({ works: new URL(request.url).pathname })');
// The page, which is looked at before the switch, is none the worse for it.
const FAILS = answers('if (request.method === "GET") throw new Error("no orders")\n  return new Response(null, { status: 204 })');

let stack;
let app;

before(async () => {
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  await stack?.stop();
});

const visit = (url, target = "/api/orders") => stack.request(target, { host: new URL(url).host });
const show = async ({ id }) => (await app.get(`/deployments/${id}`)).deployment;

async function written(text) {
  const known = await app.fileCall("GET", PATH);
  const { version } = await app.write(PATH, text, known.headers.etag);
  const end = await app.feed.find(`the build of version ${version}`, (event) => event.kind === "build_finished" && event.version === version);
  assert.equal(end.status, "succeeded", JSON.stringify(end));
  return version;
}

/** So many visitors one after the other; the statuses that they saw. */
async function visits(url, count, target) {
  const seen = [];
  for (let number = 0; number < count; number += 1) seen.push((await visit(url, target)).status);
  return seen;
}

describe("errors right after a deployment", () => {
  let first;
  let second;

  test("of the first one are noted, since there is nothing to go back to", async () => {
    const version = await written(FAILS);
    first = await live(app, "staging", { version });
    assert.deepEqual(await visits(first.url, 12), Array(12).fill(500));
    const noted = await until("it to be noted", async () => (await show(first)).trouble && show(first));
    assert.match(noted.trouble, /^1[0-2] of 1[0-2] answers in the (\d+ seconds|second) after the switch were errors\. There is nothing to go back to\.$/);
    const events = () => app.feed.of("deployment_changed").filter(({ deployment }) => deployment === first.id);
    await app.feed.find("the feed to tell", (event) => event.kind === "deployment_changed" && event.trouble === noted.trouble);
    const before = events().length;
    await visits(first.url, 12);
    await sleep(2_500);
    assert.equal(events().length, before, "said once");
    assert.deepEqual([(await show(first)).status, (await app.get("/deployments")).deployments.length], ["live", 1]);
  });

  test("now and then, or of what nobody has, are let be", async () => {
    const version = await written(WORKS);
    second = await live(app, "staging", { version });
    assert.deepEqual(await visits(second.url, 30, "/api/none"), Array(30).fill(404));
    const rare = await written(answers('if (new URL(request.url).pathname.endsWith("/bad")) throw new Error("bad")\n  return new Response("good")'));
    second = await live(app, "staging", { version: rare });
    for (let number = 0; number < 14; number += 1) assert.deepEqual([(await visit(second.url)).status, (await visit(second.url)).status, (await visit(second.url, "/api/orders/bad")).status], [200, 200, 500]);
    await sleep(2_500);
    const { status, trouble } = await show(second);
    assert.deepEqual([status, trouble], ["live", null]);
    assert.equal((await app.get("/deployments")).deployments.length, 3);
  });

  test("bring back what was there before, and the history says who, what and why", async () => {
    const version = await written(FAILS);
    const third = await live(app, "staging", { version });
    assert.equal((await visit(third.url, "/")).status, 200);
    const began = Date.now();
    assert.deepEqual(await visits(third.url, 12), Array(12).fill(500));
    await until("the address to be back", async () => (await visit(third.url)).status === 200);
    const took = Date.now() - began;
    console.log(`# from the first error to the version before: ${took} ms`);
    assert.ok(took < 10_000, `${took} ms`);
    const { version: served } = (await visit(third.url, "/_deployment")).json();
    assert.equal(served, second.version);
    const [back] = (await app.get("/deployments")).deployments;
    const { origin: { reason, ...origin } } = back;
    assert.match(reason, /^\d+ of \d+ answers in the (\d+ seconds|second) after the switch were errors\.$/);
    assert.deepEqual(
      { origin, by: back.by, note: back.note, status: back.status, version: back.version, digest: back.digest },
      { origin: { kind: "automatic_rollback", to: second.id, from: third.id }, by: "automatic", note: null, status: "live", version: second.version, digest: second.digest },
    );
    const { status, trouble } = await show(third);
    assert.deepEqual([status, trouble], ["superseded", `${reason} \`${second.id}\` comes back.`]);
    const told = await app.feed.find("the feed to tell why", (event) => event.kind === "deployment_changed" && event.deployment === back.id && event.status === "live");
    assert.deepEqual(told.origin, back.origin);
    // What was gone back to stays, whatever it answers.
    await visits(back.url, 12, "/api/orders/bad");
    const noted = await until("it to be noted", async () => (await show(back)).trouble && show(back));
    assert.match(noted.trouble, /It was gone back to itself, so it stays\.$/);
    assert.equal(noted.status, "live");
  });

  test("do not keep what mends them away", async () => {
    const version = await written(WORKS);
    const end = await over(app, await deploy(app, "staging", { version }));
    assert.equal(end.status, "live");
    await visits(end.url, 12);
    await sleep(2_000);
    const [newest] = (await app.get("/deployments")).deployments;
    assert.deepEqual([newest.id, newest.status, newest.trouble], [end.id, "live", null]);
  });
});

test("the log has no panic", () => assertNoPanic(stack));
