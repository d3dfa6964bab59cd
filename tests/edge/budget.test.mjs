// Fifty turns at once against one budget: it is never gone over, whoever has no room is told so, and what works stays live.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { MODELS, Stage } from "../support/stage.mjs";
import { until } from "../support/wait.mjs";

const APPS = 50;
/** What the workspace may use. A call sets aside about eight thousand: half the bytes of its request, and what it may write. */
const CAP = 150_000;
const STEPS = 3;
/** What each answer says that it has cost. */
const USAGE = { input: 2800, cacheRead: 200, cacheWrite: 0, output: 500 };
const COST = USAGE.input + USAGE.cacheRead + USAGE.output;

const WRITE = { text: "I write.", calls: [{ name: "write_file", input: { path: "src/note.ts", content: "export const note = 1\n" } }], usage: USAGE };
const DONE = { text: "It is written.", usage: USAGE };
/** Its steps are told apart by what was said, not by how often it was asked: who is kept waiting asks again. */
const writing = ({ said: { step } }) => (step === 0 ? WRITE : DONE);
const LOOK = { calls: [{ name: "view_file", input: { path: "index.html" } }], usage: USAGE };

const LIMIT = /^I had to stop: the budget of this workspace is used up \(150000 tokens\)\. What was done so far is kept\.$/;

let stage;
/** Every sight of what the workspace has used, while the turns ran. */
const seen = [];
let isOver = false;
let watching;

before(async () => {
  const budget = { workspace: { tokens: CAP }, turn: { steps: STEPS } };
  stage = await Stage.start([MODELS.anthropic], {
    vars: { BUDGET: JSON.stringify(budget), MODEL_SETTINGS: JSON.stringify({ [MODELS.anthropic]: { max_output: 2000, input: 3, output: 15 } }) },
    // Long enough for many calls to be under way at once.
    double: { delayMs: 200 },
  });
  watching = (async () => {
    while (!isOver) {
      seen.push(await used());
      await sleep(20);
    }
  })();
});
after(async () => {
  isOver = true;
  await watching;
  await stage?.stop();
});

async function used() {
  const answer = await stage.stack.api("GET", "/v1/usage");
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

/** What the double has said that its answers cost: one that is broken off has told what was read, and its first token. */
const reported = () => stage.double.calls.filter(({ status }) => status === 200)
  .reduce((sum, { closed }) => sum + (closed ? USAGE.input + USAGE.cacheRead + 1 : COST), 0);
const tokens = ({ input, cache_read, cache_write, output }) => input + cache_read + cache_write + output;

describe("a budget", () => {
  for (const [n, what] of ["a turn that is cancelled", "an app that is deleted"].entries()) test(`gets back what was set aside for ${what}`, async () => {
    const before = (await used()).total.tokens;
    const app = await stage.app([{ text: "It has a list of recipes. ".repeat(100), gapMs: 50, usage: USAGE }]);
    await app.feed.find("words", (event) => event.kind === "text_delta");
    const { total } = await used();
    assert.ok(total.tokens > before + 2 * COST, `${total.tokens} tokens`);
    if (n === 1) {
      assert.equal((await app.delete()).status, 204);
    } else {
      await app.cancel();
      assert.equal((await app.ended()).outcome, "cancelled");
    }
    await until("the ledger to be settled", async () => (await used()).total.tokens === before + USAGE.input + USAGE.cacheRead + 1);
    const after = await used();
    assert.deepEqual([after.total.steps, tokens(after.billed.tokens), tokens(after.unbilled.tokens)], [0, 0, after.total.tokens]);
  });

  test("ends one turn that has taken all its steps", async () => {
    const app = await stage.app([LOOK]);
    const end = await app.ended();
    assert.equal(end.outcome, "limit_reached", JSON.stringify(end));
    assert.equal(end.summary, "I had to stop: the budget of this turn is used up (3 steps). What was done so far is kept.");
    assert.equal(app.calls.length, STEPS);
    assert.equal((await app.messages()).at(-1).content, end.summary);
    // Another turn has steps of its own.
    stage.follow(app, [DONE]);
    await app.completed(await app.say("And then?"));
  });

  test("holds for fifty turns at once", async (t) => {
    // Some of them fail first: what comes to nothing is paid for by nobody, and takes up no room.
    const apps = await Promise.all(Array.from({ length: APPS }, (_, n) => stage.app((call, asked) => (n % 7 === 0 && asked === 0 ? { status: 529 } : writing(call)))));
    const ends = await Promise.all(apps.map((app) => app.ended()));
    const count = (outcome) => ends.filter((end) => end.outcome === outcome).length;
    t.diagnostic(`${count("completed")} completed, ${count("limit_reached")} had no room; ${reported()} of ${CAP} tokens`);
    assert.ok(count("completed") > 0 && count("limit_reached") > 0, JSON.stringify(ends.map(({ outcome }) => outcome)));
    assert.equal(count("completed") + count("limit_reached"), APPS);
    for (const [n, app] of apps.entries()) {
      const { outcome, summary, version } = ends[n];
      if (outcome === "completed") {
        assert.equal(version, 2);
        continue;
      }
      assert.match(summary, LIMIT);
      assert.equal((await app.messages()).at(-1).content, summary);
      // Who was stopped after a step has its work as a version; who was not let begin has what there was.
      assert.equal(version, app.told(app.turn, "tool_result").length > 0 ? 2 : 1);
    }
    await Promise.all(apps.map(async (app, n) => {
      await app.live(ends[n].version);
      assert.equal(await app.served(), ends[n].version);
    }));
  });

  test("was never gone over, and the ledger says what the provider said", async () => {
    // Nothing is set aside any more.
    await until("the ledger to be settled", async () => (await used()).total.tokens === reported());
    const { total, today, billed, unbilled } = await used();
    assert.ok(reported() <= CAP, `${reported()}`);
    assert.deepEqual(total, today);
    assert.equal(tokens(billed.tokens) + tokens(unbilled.tokens), total.tokens);
    assert.equal(total.steps, stage.double.calls.filter(({ status, closed }) => status === 200 && !closed).length);
    assert.ok(seen.length > 20);
    for (const { total } of seen) assert.ok(total.tokens <= CAP, `${total.tokens} tokens`);
    // There was something to hold against: at one time little was left.
    assert.ok(Math.max(...seen.map(({ total }) => total.tokens)) > 0.9 * CAP);
    // Dollars as the price says: 3 and 15 for a million, and the cache at the price of what is read.
    assert.equal(billed.micros, (billed.tokens.input + billed.tokens.cache_read) * 3 + billed.tokens.output * 15);
  });

  test("that is used up lets no model be asked", async () => {
    // What is left is too little for a call, or becomes so.
    let last;
    for (let n = 0; n < 30 && last?.outcome !== "limit_reached"; n += 1) {
      last = await (await stage.app([DONE])).ended();
      // A turn that is over may have something set aside still.
      await until("the ledger to be settled", async () => (await used()).total.tokens === reported());
    }
    assert.match(last.summary, LIMIT);
    const before = stage.double.calls.length;
    const app = await stage.app([DONE]);
    const end = await app.ended();
    assert.match(end.summary, LIMIT);
    assert.equal(stage.double.calls.length, before);
    assert.equal((await app.show()).status, "failed");
    // The foundation is there all the same, and live.
    await app.live(1);
    assert.deepEqual(app.told(app.turn, "step_started").length, 1);
  });

  test("shows no key, and no rule is broken", () => stage.assertClean());
});
