// What a model says is in the feed while it says it: soon, in few pieces, and as it is in the end.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { MODELS, Stage } from "../support/stage.mjs";
import { until } from "../support/wait.mjs";

/** By when words are in the feed that a provider has sent, in milliseconds; and what a machine that is shared may add. */
const SOON = 300;
const SLACK = 700;
/** How often a second a client hears of it; the end of an answer brings what is left. */
const MOST_A_SECOND = 10;

/** How many events come before the first words. */
const BEFORE = { anthropic: 3, "openai-responses": 4, "openai-chat": 1 };

const TEXT = "It has a list of recipes, täglich 🍲, and a page for each one of them with its ingredients. ".repeat(12);
const CONTENT = "// A line of a file that is written while somebody looks on.\n".repeat(30);
const FILES = ["src/notes/first.ts", "src/notes/second.ts"];
const WRITE = { text: TEXT, calls: FILES.map((path) => ({ name: "write_file", input: { path, content: CONTENT } })), gapMs: 12 };
const BETWEEN = { blocks: [{ text: "First, I look." }, { call: { name: "view_file", input: { path: "index.html" } } }, { text: "Then I say this." }] };

let stage;
before(async () => {
  stage = await Stage.start(Object.values(MODELS));
});
after(() => stage?.stop());

/** The most events of any second, those of one moment counted as one. */
function mostInASecond(events) {
  const moments = [...new Set(events.map(({ at }) => at))];
  return Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + 1000).length));
}

for (const [format, model] of Object.entries(MODELS)) {
  describe(`an answer of ${format}`, () => {
    test("is heard while it comes", async (t) => {
      const app = await stage.app([WRITE, { text: "Done." }], { model });
      const call = await stage.called(app);
      const sent = until("words to be sent", () => call.sent > BEFORE[format] && Date.now(), { everyMs: 1 });
      const heard = app.feed.find("words", ({ kind }) => kind === "text_delta").then(() => Date.now());
      const delay = (await heard) - (await sent);
      // Most of it is still to come.
      assert.ok(call.ended === undefined, "the answer is not over");
      const end = await app.ended();
      assert.equal(end.outcome, "completed", JSON.stringify(end));

      const deltas = app.told(app.turn, "text_delta", "tool_delta").filter(({ step }) => step === 1);
      const most = mostInASecond(deltas);
      const seconds = (call.ended - call.at) / 1000;
      t.diagnostic(`the first words after ${delay} ms; ${call.sent} events in ${seconds.toFixed(1)} s, heard of in ${deltas.length}, ${most} in a second`);
      assert.ok(delay < SOON + SLACK, `${delay} ms`);
      assert.ok(most <= MOST_A_SECOND + 1, `${most} in a second`);

      assert.equal(app.text(app.turn, 1), TEXT);
      for (const [index, path] of FILES.entries()) {
        const writing = deltas.filter((event) => event.kind === "tool_delta" && event.index === index);
        assert.ok(writing.length > 2, `${writing.length} times`);
        assert.ok(writing.every(({ name }) => name === "write_file"));
        assert.ok(writing.every(({ bytes }, n) => n === 0 || bytes > writing[n - 1].bytes), "it grows");
        assert.deepEqual([...new Set(writing.map((event) => event.path).filter(Boolean))], [path]);
        assert.equal((await app.read(path)).text, CONTENT);
      }
    });

    // Chat Completions has one text and one list of calls.
    if (format !== "openai-chat") test("has words before and after its calls", async () => {
      const app = await stage.app([{ ...BETWEEN, gapMs: 40 }, { text: "Done." }], { model });
      await app.completed();
      assert.equal(app.text(app.turn, 1), "First, I look.\n\nThen I say this.");
      assert.equal(app.calls[1].said.messages.at(-2).text, "First, I look.\n\nThen I say this.");
    });
  });
}

test("nothing of it shows a key or breaks a rule", () => stage.assertClean());
