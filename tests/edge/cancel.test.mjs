// A turn is cancelled wherever it is: it ends there, what it waits for is called off, what it did is kept, and the next one runs.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { assertProblem } from "../support/problem.mjs";
import { MODELS, Stage } from "../support/stage.mjs";
import { until } from "../support/wait.mjs";

/** How long it may take until a cancelled turn is over, in milliseconds. What it waits for takes longer. */
const AT_ONCE = 5000;

const LOOK = { text: "I look.", calls: [{ name: "view_file", input: { path: "index.html" } }] };
const NEXT = { text: "This is the next one." };
const write = (path) => ({ text: "I write.", calls: [{ name: "write_file", input: { path, content: "export const written = 1\n" } }] });
const SLOW = { text: "It has a list of recipes, and a page for each one of them with its ingredients. ".repeat(40), gapMs: 60 };

let stage;
let registry;
before(async () => {
  // It never answers: a tool that asks it runs for as long as anybody waits.
  registry = http.createServer(() => {});
  await new Promise((resolve) => registry.listen(0, "127.0.0.1", resolve));
  stage = await Stage.start([MODELS.anthropic], { env: { OVERSKILL_REGISTRY: `http://127.0.0.1:${registry.address().port}/` } });
});
after(async () => {
  await stage?.stop();
  registry?.closeAllConnections();
  registry?.close();
});

/** Cancels a turn; its end, which comes at once. */
async function cancel(app, turn = app.turn) {
  const begun = Date.now();
  const answer = await app.cancel(turn);
  assert.deepEqual([answer.status, answer.body.turn?.id], [202, turn], answer.text);
  const end = await app.ended(turn);
  assert.ok(Date.now() - begun < AT_ONCE, `${Date.now() - begun} ms`);
  assert.equal(end.outcome, "cancelled", JSON.stringify(end));
  return end;
}

/** The message that was posted while a turn ran is answered after it, and once. */
async function assertNext(app, cancelled, next) {
  const end = await app.completed(next);
  assert.equal(end.summary, NEXT.text);
  const order = app.feed.events.findIndex((event) => event.kind === "turn_started" && event.turn === next);
  assert.ok(order > app.feed.events.findIndex((event) => event.kind === "turn_finished" && event.turn === cancelled));
  assert.equal(app.told(cancelled, "turn_finished").length, 1);
  assert.equal(app.told(next, "turn_finished").length, 1);
  // What came of the cancelled one is part of the conversation, and its calls have their results.
  app.assertOrderly(cancelled);
  app.assertOrderly(next);
}

/** A script that a first turn follows until somebody says something more. */
function untilNext(script) {
  return (call, n) => (/What is next/.test(call.said.last) ? NEXT : script[Math.min(n, script.length - 1)]);
}

describe("a turn is cancelled", { concurrency: 3 }, () => {
  test("while it waits: it never begins", async () => {
    const app = await stage.app(untilNext([SLOW]));
    await stage.called(app);
    const waiting = await app.say("A rating for recipes");
    const next = await app.say("What is next?");
    const end = await cancel(app, waiting);
    assert.match(end.summary, /before it began/);
    assert.deepEqual(app.told(waiting, "turn_started", "step_started"), []);
    await cancel(app);
    await assertNext(app, app.turn, next);
    // A model is told that nothing is left to do of it.
    const said = app.calls.at(-1).said.messages.map(({ text }) => text);
    assert.match(said[said.findIndex((text) => /A rating/.test(text)) + 1], /Cancelled before it began/);
  });

  test("while the foundation is laid", async () => {
    const app = await stage.app(untilNext([SLOW]));
    await cancel(app);
    await assertNext(app, app.turn, await app.say("What is next?"));
  });

  test("before the model has said anything", async () => {
    const app = await stage.app(untilNext([{ silent: true }]));
    const call = await stage.called(app);
    const next = await app.say("What is next?");
    await cancel(app);
    await until("the call to be closed", () => call.closed === "by client", { timeoutMs: AT_ONCE });
    // The provider has said nothing of it, but what was sent may be on its bill: a token for every four bytes.
    const { spent } = app.told(app.turn, "attempt_voided")[0];
    assert.equal(spent.usage.input, Math.ceil(Buffer.byteLength(JSON.stringify(call.request)) / 4));
    await assertNext(app, app.turn, next);
  });

  test("while the model speaks: the provider is hung up on, and what was said does not count", async () => {
    const app = await stage.app(untilNext([SLOW]));
    const call = await stage.called(app);
    await app.feed.find("words", (event) => event.kind === "text_delta");
    const next = await app.say("What is next?");
    const end = await cancel(app);
    await until("the call to be closed", () => call.closed === "by client", { timeoutMs: AT_ONCE });
    const sent = call.sent;
    assert.match(end.summary, /Nothing was changed/);
    const [voided] = app.told(app.turn, "attempt_voided");
    assert.match(voided.reason, /the turn was stopped/);
    assert.equal(voided.retry_at, undefined);
    assert.ok(voided.spent.usage.input > 0);
    // It costs, and nobody pays.
    const { unbilled } = await app.get("/usage");
    assert.equal(unbilled.tokens.input, voided.spent.usage.input);
    await assertNext(app, app.turn, next);
    await sleep(200);
    assert.equal(call.sent, sent);
  });

  test("while the model writes a file: the file is not there", async () => {
    const app = await stage.app(untilNext([{ ...write("src/half.ts"), gapMs: 400 }]));
    const call = await stage.called(app);
    await app.feed.find("a call of a tool", (event) => event.kind === "tool_delta");
    const next = await app.say("What is next?");
    await cancel(app);
    await until("the call to be closed", () => call.closed === "by client", { timeoutMs: AT_ONCE });
    await assertNext(app, app.turn, next);
    assert.equal((await app.fileCall("GET", "src/half.ts")).status, 404);
    assert.deepEqual(app.told(app.turn, "tool_call"), []);
  });

  test("while it waits to call again: it never does", async () => {
    const app = await stage.app(untilNext([write("src/kept.ts"), { status: 429, headers: { "retry-after": "30" } }]));
    await app.feed.find("the wait", (event) => event.kind === "attempt_voided");
    const next = await app.say("What is next?");
    const end = await cancel(app);
    assert.match(end.summary, /What was done so far is kept as a version/);
    await assertNext(app, app.turn, next);
    assert.equal(app.calls.length, 3);
    assert.equal(app.told(app.turn, "attempt_voided").length, 1);
    // What was done before is a version, and live.
    await app.live(end.version);
    assert.match((await app.read("src/kept.ts")).text, /written/);
  });

  test("while its tools run: their calls have a result all the same", async () => {
    const adding = { text: "I add it.", calls: [{ name: "add_dependency", input: { name: "three" } }, { name: "view_file", input: { path: "index.html" } }] };
    const app = await stage.app(untilNext([adding]));
    await app.feed.find("the calls", (event) => event.kind === "step_finished");
    const next = await app.say("What is next?");
    await cancel(app);
    const results = app.told(app.turn, "tool_result");
    assert.deepEqual(results.map(({ ok, summary }) => [ok, summary]), Array(2).fill([false, "not run: the turn was stopped"]));
    await assertNext(app, app.turn, next);
    assert.doesNotMatch((await app.read("package.json")).text, /"three"/);
  });

  test("while its version is built: that goes live all the same", async () => {
    const app = await stage.app(untilNext([write("src/built.ts"), { text: "It is written." }]));
    const { build, version } = await app.feed.find("the build", (event) => event.kind === "build_queued" && event.turn === app.turn);
    const next = await app.say("What is next?");
    const end = await cancel(app);
    assert.match(end.summary, new RegExp(`If build ${build} succeeds, the preview shows it`));
    assert.equal(end.version, version);
    await assertNext(app, app.turn, next);
    await app.live(version);
  });

  test("after its end: nothing happens", async () => {
    const app = await stage.app([NEXT]);
    await app.completed();
    const { last } = app.feed;
    assertProblem(await app.cancel(), "conflict", /is over/);
    await app.settled();
    assert.deepEqual(app.feed.events.slice(last).filter(({ turn }) => turn), []);
  });

  test("that never was", async () => {
    const app = await stage.app([NEXT]);
    await app.completed();
    assertProblem(await app.cancel("t234567abcdefghi"), "not_found", /no turn/);
    assertProblem(await app.api("POST", "/turns/no-turn-at-all/cancel"), "not_found");
    assertProblem(await app.api("POST", `/turns/${app.turn}/cancel`, { reason: "none" }), "invalid", /takes no body/);
    // Another app's is none of this one's.
    const other = await stage.app([NEXT]);
    assertProblem(await app.cancel(other.turn), "not_found");
    await other.completed();
  });

  test("twice with one key: it is cancelled once, and answered twice", async () => {
    const app = await stage.app([SLOW]);
    await stage.called(app);
    const key = { "idempotency-key": "cancel-once" };
    const [first, again] = [await app.cancel(app.turn, key), await app.cancel(app.turn, key)];
    assert.deepEqual([again.status, again.body], [first.status, first.body]);
    assert.equal(first.status, 202, first.text);
    assert.equal((await app.ended()).outcome, "cancelled");
    assert.equal(app.told(app.turn, "turn_finished").length, 1);
    // Without the key it is another request.
    assertProblem(await app.cancel(), "conflict");
  });
});

test("an app that is deleted while the model speaks hangs up as well", async () => {
  const app = await stage.app([SLOW]);
  const call = await stage.called(app);
  await app.feed.find("words", (event) => event.kind === "text_delta");
  assert.equal((await app.delete()).status, 204);
  await until("the call to be closed", () => call.closed === "by client", { timeoutMs: AT_ONCE });
  assertProblem(await app.cancel(), "not_found");
});

describe("messages that come while a turn runs", () => {
  test("are answered one after the other, in the order in which they came", async () => {
    const app = await stage.app(({ said }) => ({ text: `You said: ${said.last.split("] ").at(-1)}.`, delayMs: 150 }), { prompt: "one" });
    const words = ["one", "two", "three", "four"];
    const turns = [app.turn];
    for (const word of words.slice(1)) turns.push(await app.say(word));
    for (const turn of turns) await app.completed(turn);
    assert.deepEqual(app.feed.of("turn_started").map(({ turn }) => turn), turns);
    assert.deepEqual(app.feed.of("turn_finished").map(({ turn, summary }) => [turn, summary]),
      turns.map((turn, n) => [turn, `You said: ${words[n]}.`]));
    // Each was told of those before it, every answer after what it answers, and of none that came later.
    for (const [n, { said }] of app.calls.entries()) {
      const earlier = words.slice(0, n).flatMap((word) => [`[${app.name}] ${word}`, `You said: ${word}.`]);
      assert.deepEqual(said.messages.slice(0, -1).map(({ text }) => text), earlier);
    }
    assert.equal(app.calls.length, 4);
  });
});

test("nothing of it shows a key or breaks a rule", () => stage.assertClean());
