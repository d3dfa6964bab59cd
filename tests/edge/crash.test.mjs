// kill -9 of workerd at any moment: the turn finishes after the restart, nothing twice, nothing lost.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { App, RECIPES } from "../support/app.mjs";
import { assertSound, keepsake } from "../support/history.mjs";
import { depth, random, seed } from "../support/random.mjs";
import { until } from "../support/wait.mjs";

const RATING = "add a rating from 1 to 5 to recipes";
const QUESTION = "What fields do recipes have?";

let stack;
/** What an app with these messages is like when nothing is killed, and how long its first turn takes. */
let expected;
let turnMillis;

before(async () => {
  console.log(`SEED=${seed}`);
  // What is taken from the cache is in no builder's hands: here everything is built.
  stack = await startStack({ env: { OVERSKILL_VAR_BUILD_CACHE_SECONDS: "0" } });
  const app = await App.create(stack);
  const started = Date.now();
  await app.completed();
  turnMillis = Date.now() - started;
  const first = await keepsake(app);
  await app.completed(await app.say(RATING));
  await assertSound(app);
  expected = { first, second: await keepsake(app) };
  app.close();
});

after(() => stack?.stop());

/** Kills workerd and waits until another one answers. */
async function killWorker() {
  await stack.waitHealthy({ not: stack.killWorker() });
}

/** The moment at which the feed tells of an event of this kind. */
const told = (kind, more = () => true) => (app) => app.feed.find(kind, (event) => event.kind === kind && more(event));

describe("workerd killed in a first turn", () => {
  const moments = [
    ["as soon as the app is accepted", () => {}],
    ["when the turn starts", told("turn_started")],
    ["when the model's version is made", told("version_created", (event) => event.version === 2)],
    ["when a builder has it", told("build_started", (event) => event.version === 2)],
    ["when the build is over", told("build_finished", (event) => event.version === 2)],
  ];
  const next = random();
  for (let index = 0; index < depth(1, 20); index += 1) {
    const share = next();
    // Numbered: two of the same name would be one app in the map, and the other would never be looked at or closed.
    moments.push([`${index + 1}: after ${Math.round(share * 100)} % of its time`, () => sleep(share * turnMillis)]);
  }
  // A kill hits the apps before as well, wherever they are on their way back.
  const apps = new Map();
  after(() => apps.forEach((app) => app.close()));
  for (const [what, moment] of moments) {
    test(`${what}: it comes back`, async () => {
      const app = await App.create(stack);
      apps.set(what, app);
      await moment(app);
      await killWorker();
    });
  }
  for (const [what] of moments) {
    test(`${what}: the turn finishes, nothing twice and nothing lost`, async () => {
      const app = apps.get(what);
      assert.ok(app, "it was accepted");
      assert.equal((await app.completed()).version, 2);
      await assertSound(app);
      assert.ok(app.feed.connections > 1, "the feed broke off and was resumed");
      assert.deepEqual(await keepsake(app), expected.first);
      assert.equal(await app.served(), 2);
      assert.equal((await app.show()).status, "ready");
    });
  }
});

describe("a whole stack stopped and started again", () => {
  test("has everything it had", async () => {
    const app = await App.create(stack);
    try {
      await app.completed();
      const held = await keepsake(app);
      const page = (await app.preview()).text;
      await stack.restart();
      assert.deepEqual(await keepsake(app), held);
      assert.equal((await app.preview()).text, page);
      await app.completed(await app.say(RATING));
      await assertSound(app);
      assert.deepEqual(await keepsake(app), expected.second);
    } finally {
      app.close();
    }
  });
});

describe("workerd killed in a later turn", () => {
  test("with a message just accepted, another one waiting, and a restore under way", async () => {
    const [app, other] = [await App.create(stack), await App.create(stack)];
    try {
      await Promise.all([app.completed(), other.completed()]);
      const [rating, question] = [await app.say(RATING), await app.say(QUESTION)];
      const restored = await other.api("POST", "/versions/1/restore");
      assert.equal(restored.status, 201, restored.text);
      await killWorker();

      assert.equal((await app.completed(rating)).version, 3);
      assert.equal((await app.completed(question)).version, 3);
      await assertSound(app);
      const said = (await app.messages()).filter(({ role }) => role === "user");
      assert.deepEqual(said.map(({ content }) => content), [RECIPES, RATING, QUESTION]);
      const { versions, manifests } = await keepsake(app);
      assert.deepEqual({ versions, manifests }, { versions: expected.second.versions, manifests: expected.second.manifests });
      assert.equal(await app.served(), 3);

      await other.live(3);
      await assertSound(other);
      assert.deepEqual((await other.version(3)).files, (await other.version(1)).files);
      assert.equal(await other.served(), 3);
    } finally {
      app.close();
      other.close();
    }
  });
});

describe("workerd killed while it is being asked", () => {
  test("edits that have landed are answered as they landed, though nobody was told", async () => {
    const app = await App.create(stack);
    try {
      await app.completed();
      await app.settled();
      const path = "src/lib/edited.ts";
      await app.write(path, "export const n = 0\n");
      const next = random(seed + 2);
      for (let n = 0; n < depth(3, 40); n += 1) {
        const { etag } = await app.read(path);
        const { version } = await app.show();
        const edits = [{ search: `export const n = ${n}`, first_line: 1, last_line: 1, replacement: `export const n = ${n + 1}` }];
        const body = { files: [{ path, base: etag.replaceAll('"', ""), edits }] };
        const key = { "idempotency-key": `edits-${seed}-${n}` };
        const asked = app.api("POST", "/edits", body, key).catch(() => null);
        // Such a call takes about twenty milliseconds, most of them before it lands.
        await sleep(5 + next() * 20);
        await killWorker();
        await asked;
        // Whatever has become of the file since: here it is gone for a moment.
        const landed = (await app.show()).version > version;
        if (landed) {
          const now = await app.read(path);
          assert.equal((await app.fileCall("DELETE", path, { headers: { "if-match": now.etag } })).status, 204);
        }
        const answer = await until("an answer", () => app.api("POST", "/edits", body, key));
        if (landed) await app.write(path, `export const n = ${n + 1}\n`);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.body.version, version + 1);
        assert.equal(answer.body.files[0].edits[0].already_applied, false);
        assert.equal((await app.read(path)).text, `export const n = ${n + 1}\n`);
        assert.equal((await app.show()).version, version + (landed ? 3 : 1));
      }
    } finally {
      app.close();
    }
  });

  test("the same request sent until it is answered makes one app", async () => {
    const key = { "idempotency-key": `asked-${seed}` };
    const before = (await stack.api("GET", "/v1/apps?limit=200")).body.apps.length;
    const next = random(seed + 1);
    const asked = stack.api("POST", "/v1/apps", { prompt: RECIPES }, key).catch(() => null);
    await sleep(next() * 30);
    await killWorker();
    await asked;
    const answer = await until("an answer", () => stack.api("POST", "/v1/apps", { prompt: RECIPES }, key));
    assert.equal(answer.status, 201, answer.text);
    const app = new App(stack, answer.body);
    try {
      await app.completed();
      await assertSound(app);
      assert.deepEqual(await keepsake(app), expected.first);
      assert.equal((await stack.api("GET", "/v1/apps?limit=200")).body.apps.length, before + 1);
    } finally {
      app.close();
    }
  });
});
