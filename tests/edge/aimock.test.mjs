// The Worker and a double of providers that others wrote: what holds with ours holds with theirs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { startAimock } from "../support/aimock.mjs";
import { App } from "../support/app.mjs";
import { KEYS } from "../support/model.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { MODELS } from "../support/stage.mjs";

const NOTE = "export const note = 'täglich 🍲'\n";
const PATHS = { anthropic: "/v1/messages", "openai-responses": "/v1/responses", "openai-chat": "/v1/chat/completions" };
/** The provider's own name of a model. */
const own = (model) => model.split("/").at(-1);

const OVERLOADED = { status: 529, error: { type: "overloaded_error", message: "Overloaded" } };

/** What each model is asked and answers. Steps are told apart by the call whose result comes last. */
function fixtures(model) {
  const tool = (id, name, args) => ({ id: `${own(model)}_${id}`, name, arguments: args });
  const match = (match) => ({ ...match, model: own(model), ...(match.toolCallId && { toolCallId: `${own(model)}_${match.toolCallId}` }) });
  const asked = (userMessage, sequenceIndex) => match({ userMessage, hasToolResult: false, ...(sequenceIndex !== undefined && { sequenceIndex }) });
  return [
    { match: asked("recipe box"), response: { content: "I look.", reasoning: "The page first.", toolCalls: [tool("look", "view_file", { path: "index.html" })] } },
    {
      match: match({ toolCallId: "look" }),
      response: { content: "I write.", toolCalls: [tool("search", "search_files", { query: "createRoot" }), tool("write", "write_file", { path: "src/note.ts", content: NOTE })] },
    },
    { match: match({ toolCallId: "write", toolResultContains: "created" }), response: { content: "Recipes have a note." } },
    { match: asked("What do they have"), response: { content: "A note." } },
    { match: asked("too often", 0), response: { status: 429, retryAfter: 1, error: { type: "rate_limit_error", message: "Slow down." } } },
    { match: asked("too often"), response: { content: "Now I can." } },
    { match: asked("too many", 0), response: OVERLOADED },
    { match: asked("too many"), response: { content: "Now I can." } },
    { match: asked("cut off", 0), response: { content: "I begin to write a page of recipes." }, chunkSize: 5, latency: 5, truncateAfterChunks: 4 },
    { match: asked("cut off"), response: { content: "I write a page of recipes." } },
    { match: asked("hang up", 0), response: { content: "I begin to write a page of recipes. ".repeat(9) }, chunkSize: 5, latency: 20, disconnectAfterMs: 200 },
    { match: asked("hang up"), response: { content: "I write a page of recipes." } },
    // Those that are asked in another's stead.
    ...[`${own(model)} is down`].map((down) => ({ match: asked(down), response: OVERLOADED })),
    { match: match({ userMessage: "is down" }), response: { content: "I stand in." } },
  ];
}

let mock;
let stack;
before(async () => {
  mock = await startAimock(Object.values(MODELS).flatMap(fixtures), { strict: true });
  stack = await startStack({ env: { ...mock.env, OVERSKILL_VAR_MODEL: Object.values(MODELS).join(",") } });
});
after(async () => {
  await stack?.stop();
  await mock?.stop();
});

const apps = [];
after(() => apps.forEach((app) => app.close()));

async function create(prompt, model) {
  const answer = await stack.api("POST", "/v1/apps", { prompt, model });
  assert.equal(answer.status, 201, answer.text);
  const app = new App(stack, answer.body);
  apps.push(app);
  return app;
}

/** A turn of an app of its own, and the requests that it led to. */
async function turn(prompt, model) {
  const from = mock.requests().length;
  const app = await create(prompt, model);
  const { summary } = await app.completed();
  return { app, summary, requests: mock.requests().slice(from) };
}

const voided = (app) => app.feed.of("attempt_voided").map(({ model, reason }) => [model, reason]);

for (const [format, model] of Object.entries(MODELS)) {
  describe(`aimock as ${format}`, () => {
    test("is talked to with tools until a version is live", async () => {
      const { app, summary, requests } = await turn("a recipe box", model);
      assert.equal(summary, "Recipes have a note.");
      assert.equal((await app.read("src/note.ts")).text, NOTE);
      assert.equal(await app.served(), 2);
      assert.deepEqual(requests.map(({ path, status }) => [path, status]), Array(3).fill([PATHS[format], 200]));
      const results = app.feed.of("tool_result");
      assert.deepEqual(results.map(({ step, ok }) => [step, ok]), [[1, true], [2, true], [2, true]]);
      const next = await app.say("What do they have?");
      assert.equal((await app.completed(next)).summary, "A note.");
      // What was said before is told again, and what the tools said is not.
      const { messages } = mock.requests().at(-1).body;
      assert.deepEqual(messages.filter(({ role }) => role === "tool"), []);
      assert.match(JSON.stringify(messages), /Recipes have a note\./);
      assert.deepEqual(voided(app), []);
    });

    test("wants to be asked later, and is", async () => {
      const { app, summary, requests } = await turn("too often", model);
      assert.equal(summary, "Now I can.");
      assert.deepEqual(requests.map(({ status }) => status), [429, 200]);
      assert.ok(requests[1].at - requests[0].at >= 1000, `${requests[1].at - requests[0].at} ms`);
      assert.deepEqual(voided(app), [[model, "is asked too much at the moment (429): Slow down."]]);
    });

    test("is overloaded for a moment", async () => {
      const { app, summary, requests } = await turn("too many", model);
      assert.equal(summary, "Now I can.");
      assert.deepEqual(requests.map(({ status }) => status), [529, 200]);
      assert.deepEqual(voided(app), [[model, "is overloaded (529): Overloaded"]]);
    });

    for (const [what, prompt] of [["breaks off", "cut off"], ["hangs up", "hang up"]]) {
      test(`${what} in the middle of its words`, async () => {
        const { app, summary, requests } = await turn(prompt, model);
        assert.equal(summary, "I write a page of recipes.");
        assert.equal(requests.length, 2);
        assert.deepEqual(voided(app), [[model, "could not be reached, or its answer broke off"]]);
      });
    }

    test("is down: another stands in", async () => {
      const { app, summary, requests } = await turn(`${own(model)} is down`, model);
      assert.equal(summary, "I stand in.");
      assert.deepEqual(requests.map(({ status }) => status), [529, 529, 200]);
      const other = Object.values(MODELS).find((other) => other !== model);
      assert.deepEqual(app.feed.of("step_finished").map(({ model }) => model), [other]);
      assert.deepEqual(requests.map(({ body }) => body.model), [model, model, other].map(own));
      // The same tools, in the other's words.
      const tools = requests.map(({ body }) => body.tools.map((tool) => tool.function?.name ?? tool.name));
      assert.deepEqual(tools[2], tools[0]);
    });
  });
}

test("the keys are nowhere", () => {
  const shown = ["dev", "worker", "builder"].map((name) => stack.log(name));
  shown.push(...apps.map(({ feed }) => JSON.stringify(feed.events)));
  for (const key of Object.values(KEYS)) assert.ok(shown.every((text) => !text.includes(key)));
  assertNoPanic(stack);
});
