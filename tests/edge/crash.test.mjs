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
  stack = await startStack();
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
const told = (kind, more = () => true) => (app, from) => app.feed.find(kind, (event) => event.kind === kind && more(event), { from });

describe("workerd killed in a first turn", () => {
  const moments = [
    ["as soon as the app is accepted", () => {}],
    ["when the turn starts", told("turn_started")],
    ["when the model's version is made", told("version_created", (event) => event.version === 2)],
    ["when a builder has it", told("build_started", (event) => event.version === 2)],
    ["when the build is over", told("build_finished", (event) => event.version === 2)],
  ];
  const next = random();
  for (let index = 0; index < depth(2, 40); index += 1) {
    const share = next();
    moments.push([`after ${Math.round(share * 100)} % of its time`, () => sleep(share * turnMillis)]);
  }
  for (const [what, moment] of moments) {
    test(what, async () => {
      const app = await App.create(stack);
      try {
        await moment(app, 0);
        await killWorker();
        assert.equal((await app.completed()).version, 2);
        await assertSound(app);
        assert.ok(app.feed.connections > 1, "the feed broke off and was resumed");
        assert.deepEqual(await keepsake(app), expected.first);
        assert.equal(await app.served(), 2);
        assert.equal((await app.show()).status, "ready");
      } finally {
        app.close();
      }
    });
  }

  test("twice, the second time soon after it came back", async () => {
    const app = await App.create(stack);
    try {
      await told("build_queued")(app, 0);
      await killWorker();
      await killWorker();
      await app.completed();
      await assertSound(app);
      assert.deepEqual(await keepsake(app), expected.first);
    } finally {
      app.close();
    }
  });
});

describe("workerd killed in a later turn", () => {
  test("right after the message was accepted, with another one waiting", async () => {
    const app = await App.create(stack);
    try {
      await app.completed();
      const mark = app.feed.events.length;
      const [rating, question] = [await app.say(RATING), await app.say(QUESTION)];
      await killWorker();
      assert.equal((await app.completed(rating)).version, 3);
      const end = await app.completed(question);
      assert.equal(end.version, 3);
      await assertSound(app);
      assert.deepEqual((await app.messages()).map(({ content }) => content).filter((content) => [RECIPES, RATING, QUESTION].includes(content)), [
        RECIPES, RATING, QUESTION,
      ]);
      const { versions, manifests } = await keepsake(app);
      assert.deepEqual({ versions, manifests }, { versions: expected.second.versions, manifests: expected.second.manifests });
      assert.ok(app.feed.events.length > mark);
      assert.equal(await app.served(), 3);
    } finally {
      app.close();
    }
  });

  test("during a restore", async () => {
    const app = await App.create(stack);
    try {
      await app.completed();
      const restored = await app.api("POST", "/versions/1/restore");
      assert.equal(restored.status, 201, restored.text);
      await killWorker();
      await app.live(3);
      await assertSound(app);
      assert.deepEqual((await app.version(3)).files, (await app.version(1)).files);
      assert.equal(await app.served(), 3);
    } finally {
      app.close();
    }
  });
});

describe("workerd killed while it is being asked", () => {
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
