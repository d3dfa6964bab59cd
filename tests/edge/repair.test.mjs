// What a model writes does not build: it is told, not billed, and stopped when it does not help; what was live stays so.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { MODELS, Stage } from "../support/stage.mjs";

const CLAUDE = MODELS.anthropic;
const GPT = MODELS["openai-responses"];
const ASKED = "It is called Recipes.";
/** A file that all pages use. */
const PATH = "src/app/identity.ts";

const tool = (name, input) => ({ name, input });
const write = (path, content) => tool("write_file", { path, content });
/** Writes the file anew: one that is there cannot be rewritten so that it breaks, and one that is gone can. */
const anew = (content) =>
  ({ text: "I write it anew.", calls: [tool("view_file", { path: PATH }), tool("delete_file", { path: PATH }), write(PATH, content)] });
const IDENTITY = 'export const identity = { name: "Recipes", tagline: "Yours." }\n';
const WELL = anew(IDENTITY);
/** The same mistake each time, in other bytes, since what is not changed is not built. */
const BROKEN = (n = 0) => anew(`${"\n".repeat(n)}export const identity = {\n  name: "Recipes",\n`);
/** What the models do, call by call. */
const SCRIPTS = {
  mends: [BROKEN(), { text: ASKED }, WELL, { text: "I have mended the name." }],
  again: (_, n) => (n % 2 === 0 ? BROKEN(n) : { text: n === 1 ? ASKED : "Now it works." }),
  says: [BROKEN(), { text: ASKED }, { text: "I have mended it." }],
};

let stage;
const apps = {};

/** An app that is live, and of which something is asked then. */
async function begin(script) {
  const app = await stage.app([{ text: "Hello." }]);
  await app.completed();
  await app.live(1);
  stage.follow(app, script);
  app.turn = await app.say("Call it Recipes");
  return app;
}

before(async () => {
  stage = await Stage.start([CLAUDE, GPT]);
  // All begun at once: a build that fails takes seconds, since all that is wrong is looked for.
  await Promise.all(Object.entries(SCRIPTS).map(async ([name, script]) => { apps[name] = await begin(script); }));
});
after(() => stage?.stop());

const MEND = /does not build\. Mend it/;
const RETHINK = /still does not build, and an error that you were told before is still there/;

/** The builds of a turn, as they ended. */
const builds = (app) => app.told(app.turn, "build_finished").map(({ status }) => status);
/** Who has answered, step by step. */
const models = (app, turn) => app.told(turn, "step_finished").map(({ model }) => model);
const total = ({ input, cache_read, cache_write, output }) => input + cache_read + cache_write + output;
const sum = (events) => events.reduce((all, { spent: { usage } }) => all + total(usage), 0);

/** What is billed is what was asked for; what mended it is not. */
async function assertCosts(app, end) {
  const [{ seq: first }] = app.told(app.turn, "repair_started");
  for (const { seq, repair = false } of app.told(app.turn, "step_started")) assert.equal(repair, seq > first);
  const steps = app.feed.of("step_finished");
  for (const { turn, seq, billing_ignore } of steps) assert.equal(billing_ignore, turn === app.turn && seq > first);
  const costs = (steps) => [false, true].map((ignored) => sum(steps.filter(({ billing_ignore }) => billing_ignore === ignored)));
  assert.deepEqual([total(end.spent.billed), total(end.spent.unbilled)], costs(steps.filter(({ turn }) => turn === app.turn)));
  assert.ok(total(end.spent.unbilled) > 0);
  const { billed, unbilled } = await app.get("/usage");
  assert.deepEqual([total(billed.tokens), total(unbilled.tokens)], costs(steps));
}

describe("a model that", () => {
  test("mends its mistake has done what was asked for", async () => {
    const app = apps.mends;
    const end = await app.completed();
    assert.equal(end.summary, ASKED);
    assert.deepEqual(builds(app), ["failed", "succeeded"]);
    const [repair] = app.told(app.turn, "repair_started");
    assert.deepEqual([repair.repair, repair.strategy, repair.errors], [1, "mend", 1]);
    // It is told where: the place, in the words of the builder.
    const told = app.calls[3].said.last;
    assert.match(told, MEND);
    assert.match(told, /src\/app\/identity\.ts\nline \d: /);
    await assertCosts(app, end);
    assert.deepEqual((await app.versions()).map(({ author, summary }) => [author, summary]),
      [["model", "I have mended the name."], ["model", ASKED], ["foundation", "Laid the foundation"]]);
    assert.equal(await app.served(), 3);
    assert.deepEqual(models(app, app.turn), Array(4).fill(CLAUDE));
    // The next turn is billed again.
    stage.follow(app, [{ text: "Yes." }]);
    const next = await app.completed(await app.say("Is it done?"));
    assert.ok(total(next.spent.billed) > 0);
    assert.equal(total(next.spent.unbilled), 0);
  });

  test("makes the same mistake again is told so, and another has the word; the third build is the last", async () => {
    const app = apps.again;
    const end = await app.ended();
    assert.equal(end.outcome, "failed", JSON.stringify(end));
    assert.deepEqual(builds(app), ["failed", "failed", "failed"]);
    assert.deepEqual(app.told(app.turn, "repair_started").map(({ repair, strategy }) => [repair, strategy]), [[1, "mend"], [2, "rethink"]]);
    assert.match(app.calls[3].said.last, MEND);
    assert.match(app.calls[5].said.last, RETHINK);
    assert.deepEqual(models(app, app.turn), [CLAUDE, CLAUDE, CLAUDE, CLAUDE, GPT, GPT]);
    // Who has the word then is told everything that came before.
    const [before, after] = [app.calls[4].said.messages, app.calls[5].said.messages];
    assert.deepEqual(after.slice(0, before.length), before);
    // In words for whoever asked, with where it is.
    assert.match(end.summary, /^The build failed\. src\/app\/identity\.ts:\d+: .*I have tried twice to mend it, and the same error is still there\. The preview still shows version 1\.$/s);
    assert.equal((await app.messages()).at(-1).content, end.summary);
    await assertCosts(app, end);
    // What was live is still.
    assert.equal(await app.served(), 1);
    assert.equal((await app.show()).status, "failed");
    assert.match((await app.preview()).text, /<script type="module"/);
    // The next turn is the first one's again.
    stage.follow(app, [{ text: "Yes." }]);
    const next = await app.say("Is it done?");
    await app.completed(next);
    assert.deepEqual(models(app, next), [CLAUDE]);
  });

  test("only says that it has mended it is not believed, and can in a later turn", async () => {
    const app = apps.says;
    const end = await app.ended();
    assert.equal(end.outcome, "failed", JSON.stringify(end));
    assert.match(end.summary, /The build fails still, and nothing more was changed/);
    assert.deepEqual(builds(app), ["failed"]);
    assert.equal(await app.served(), 1);
    stage.follow(app, [WELL, { text: "It builds now." }]);
    const mended = await app.completed(await app.say("Mend it, please"));
    assert.ok(total(mended.spent.billed) > 0);
    assert.equal(total(mended.spent.unbilled), 0);
    assert.equal(await app.served(), mended.version);
  });
});

test("nothing of it shows a key or breaks a rule", () => stage.assertClean());
