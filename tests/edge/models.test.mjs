// Whatever a provider answers, or does not: the turn ends, nothing is done twice, and nobody is asked too often. In all formats,
// each alone: nobody stands in.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { MODELS, Stage } from "../support/stage.mjs";

/** How long a turn may take here: longer than a provider is asked in vain, six times with waits of 31 seconds at most. */
const ENDS = { timeoutMs: 60_000 };

const TEXT = "It has a list of recipes and a page for each.";
const WELL = { text: TEXT };
const call = (name, input) => ({ name, input });
const LOOK = { text: "I look.", calls: [call("view_file", { path: "index.html" }), call("search_files", { query: "createRoot" })] };
const CUT = '{"path": "src/cut.ts", "content": "export const a';

/** The results that the last message of a call has. */
const results = ({ said }) => said.messages.at(-1).results.map(({ ok, text }) => ({ ok, text }));

async function assertNoFile(app, path) {
  assert.equal((await app.fileCall("GET", path)).status, 404, `${path} was written`);
}

/**
 * What happens: the answers to the calls of one turn; `voided`, what the feed says of the attempts that came to nothing; `calls`, how
 * many there are (one more than those, unless said); how the turn ends, and in which words; and what else is seen.
 */
const CASES = {
  // It takes longest, and so it begins first.
  "a provider that is down for good is asked six times": {
    answers: [{ status: 500 }],
    voided: Array(6).fill(/has a fault at its provider \(500\)/),
    calls: 6,
    outcome: "failed",
    says: /^I had to stop: the model \S+ has a fault at its provider \(500\)/,
  },
  "a 429 is waited out as long as it says": {
    answers: [{ status: 429, headers: { "retry-after": "1" } }, WELL],
    voided: [/is asked too much at the moment \(429\)/],
    check: ({ calls: [first, second] }) => assert.ok(second.at - first.ended >= 1000, `${second.at - first.ended} ms`),
  },
  "a 429 says its time as a date as well": {
    // Whole seconds: of what is said here, one is left at least.
    answers: (_, n) => (n === 0 ? { status: 429, headers: { "retry-after": new Date(Date.now() + 2000).toUTCString() } } : WELL),
    voided: [/429/],
    check: ({ calls: [first, second] }) => assert.ok(second.at - first.ended >= 950, `${second.at - first.ended} ms`),
  },
  "a 529": { answers: [{ status: 529 }, WELL], voided: [/is overloaded \(529\)/] },
  "a 500": { answers: [{ status: 500 }, WELL], voided: [/has a fault at its provider \(500\)/] },
  "a page of a gateway": {
    answers: [{ status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad gateway</html>" }, WELL],
    voided: [/\(502\)$/],
  },
  "a page that says 200": { answers: [{ status: 200, headers: { "content-type": "text/html" }, body: "<html>Log in</html>" }, WELL], voided: [/./] },
  "a connection that is reset": { answers: [{ reset: true }, WELL], voided: [/could not be reached/] },
  "an answer that falls silent": { answers: [{ ...WELL, stallAfter: 3 }, WELL], voided: [/fell silent/] },
  "no answer at all": { answers: [{ silent: true }, WELL], voided: [/fell silent/] },
  "what cannot be read": { answers: [{ ...WELL, malformedAt: 4 }, WELL], voided: [/sent what could not be read/] },
  "a provider that gives up in the middle": {
    answers: [{ ...WELL, errorAfter: 4, error: { type: "overloaded_error", message: "Too much." } }, WELL],
    voided: [/broke off its answer \(.*\): Too much\.$/],
  },
  "an answer that breaks off has cost something, whether or not its provider has said so": {
    answers: [{ ...WELL, cutAfter: -3 }, WELL],
    voided: [/broke off/],
    check: async (app) => {
      const { unbilled } = await app.get("/usage");
      const [{ spent }] = app.told(app.turn, "attempt_voided");
      assert.deepEqual(unbilled.tokens, spent.usage);
      assert.ok(spent.usage.input > 1000 && spent.usage.output > 0, JSON.stringify(spent));
    },
  },
  "an answer whose provider counts nothing is counted": {
    answers: [{ ...WELL, usage: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 } }],
    voided: [],
    check: async (app) => {
      const { billed: { tokens } } = await app.get("/usage");
      const bytes = Number(app.calls[0].headers["content-length"]);
      assert.deepEqual(tokens, { input: Math.ceil(bytes / 4), cache_read: 0, cache_write: 0, output: Math.ceil(TEXT.length / 4) });
    },
  },
  "an event that nobody knows is passed over": { answers: [{ ...WELL, unknownEventAt: 3 }], voided: [] },
  "an answer with nothing in it": { answers: [{}, { text: " \n" }, WELL], voided: [/said nothing/, /said nothing/] },
  "two faults in one call, and one in the next": {
    answers: [{ status: 500 }, { ...LOOK, cutAfter: 5 }, LOOK, { reset: true }, WELL],
    voided: [/500/, /broke off/, /could not be reached/],
    calls: 5,
  },
  "arguments that are cut off are never used": {
    answers: [{ calls: [{ name: "write_file", rawArguments: CUT }] }, WELL],
    voided: [],
    calls: 2,
    check: async (app) => {
      const [{ ok, text }] = results(app.calls[1]);
      assert.deepEqual([ok, /no whole JSON object.*cut off/.test(text)], [false, true], text);
      await assertNoFile(app, "src/cut.ts");
    },
  },
  "nor are those that the limit of an answer cuts off": {
    answers: [{ text: "I write.", calls: [LOOK.calls[0], { name: "write_file", rawArguments: CUT }], stop: "max_tokens" }, WELL],
    voided: [],
    calls: 2,
    check: async (app) => {
      assert.deepEqual(results(app.calls[1]).map(({ ok }) => ok), [true, false]);
      await assertNoFile(app, "src/cut.ts");
    },
  },
  "nor those of which nothing has come": {
    answers: [{ calls: [{ name: "delete_file", rawArguments: "" }], stop: "max_tokens" }, WELL],
    voided: [],
    calls: 2,
    check: ({ calls }) => assert.deepEqual(results(calls[1]).map(({ ok, text }) => [ok, /no whole JSON object/.test(text)]), [[false, true]]),
  },
  "words that are cut off go on, and are one message": {
    answers: [{ text: "It has a list of recipes ", stop: "max_tokens" }, { text: "and a page for each." }],
    voided: [],
    calls: 2,
    says: TEXT,
    check: ({ calls }) => {
      assert.match(calls[1].said.last, /cut off/);
      assert.equal(calls[1].said.messages.at(-2).text.trim(), "It has a list of recipes");
    },
  },
  "a tool that there is not": {
    answers: [{ calls: [call("format_disk", {})] }, WELL],
    voided: [],
    calls: 2,
    check: ({ calls }) => assert.match(results(calls[1])[0].text, /there is no tool `format_disk`; the tools are .*view_file/),
  },
  "calls that are counted anew in each answer are told apart": {
    answers: [
      { calls: [{ ...LOOK.calls[0], id: "call_0" }, { ...LOOK.calls[1], id: "call_0" }] },
      { calls: [{ ...LOOK.calls[0], id: "call_0" }] },
      WELL,
    ],
    voided: [],
    calls: 3,
    check: (app) => assert.deepEqual(app.told(app.turn, "tool_result").map(({ step, ok }) => [step, ok]), [[1, true], [1, true], [2, true]]),
  },
  "a refusal": { answers: [{ text: "I will not do that.", stop: "refusal" }], voided: [], outcome: "failed", says: "I will not do that." },
  "a refusal without a word": { answers: [{ stop: "refusal" }], voided: [], outcome: "failed", says: /declines to answer/, only: ["anthropic"] },
  "a request that the provider will not have is never sent again": {
    answers: [{ status: 400, error: { type: "invalid_request_error", message: "prompt is too long" } }],
    voided: [/did not take the request \(400.*prompt is too long/],
    calls: 1,
    outcome: "failed",
    says: /^I had to stop: the model \S+ did not take the request \(400.*\): prompt is too long\. What was done so far is kept; send a message to go on\.$/,
  },
  "a provider that says so in the middle is not asked again either": {
    answers: [{ ...WELL, errorAfter: 2, error: { type: "invalid_prompt", message: "No." } }],
    voided: [/broke off its answer \(invalid_prompt\): No\.$/],
    calls: 1,
    outcome: "failed",
    says: /^I had to stop: /,
  },
  "a key that is wrong": {
    answers: [{ status: 401 }],
    voided: [/does not accept the key that is set for it$/],
    calls: 1,
    outcome: "failed",
    says: /does not accept the key that is set for it\. What was done/,
  },
  "a model that there is not": {
    answers: [{ status: 404 }],
    voided: [/is not known to its provider/],
    calls: 1,
    outcome: "failed",
    says: /is not known to its provider/,
  },
  "an account without credit": {
    answers: [{ status: 429, error: { type: "insufficient_quota", message: "You exceeded your current quota." } }],
    voided: [/has no credit left/],
    calls: 1,
    outcome: "failed",
    says: /has no credit left/,
    only: ["openai-responses", "openai-chat"],
  },
};

const stages = {};

before(async () => {
  for (const [format, model] of Object.entries(MODELS)) stages[format] = await Stage.start([model], { vars: { MODEL_STALL_SECONDS: "3" } });
});

after(() => Promise.all(Object.values(stages).map((stage) => stage.stop())));

/** A turn of an app of its own is held to what its case says. */
async function play(stage, model, { answers, voided, calls = voided.length + 1, outcome = "completed", says = TEXT, check }) {
  const app = await stage.app(answers);
  const end = await app.ended(app.turn, ENDS);
  assert.equal(end.outcome, outcome, JSON.stringify(end));
  assert.equal(app.calls.length, calls);
  const attempts = app.told(app.turn, "attempt_voided");
  assert.equal(attempts.length, voided.length, JSON.stringify(attempts));
  for (const [n, { reason, ...event }] of attempts.entries()) {
    assert.match(reason, voided[n]);
    assert.equal(event.model, model);
    // Whoever gives up does not say when it is tried again.
    const isLast = outcome === "failed" && n === attempts.length - 1;
    assert.equal(event.retry_at === undefined, isLast, JSON.stringify(event));
  }
  const said = (await app.messages()).filter(({ role }) => role === "assistant");
  assert.equal(said.length, 1);
  if (typeof says === "string") assert.equal(said[0].content, says);
  else assert.match(said[0].content, says);
  const last = app.told(app.turn, "step_finished").at(-1);
  if (outcome === "completed") assert.ok(said[0].content.endsWith(app.text(app.turn, last.step)));
  await check?.(app);
}

// Side by side, but no more than a shared machine bears: silence is three seconds here.
describe("a provider", { concurrency: 3 }, () => {
  for (const [format, model] of Object.entries(MODELS)) {
    describe(`of ${format}`, { concurrency: 3 }, () => {
      for (const [what, { only, ...one }] of Object.entries(CASES)) {
        if (!only || only.includes(format)) test(what, () => play(stages[format], model, one));
      }
    });
  }
});

test("nothing of it shows a key or breaks a rule", async () => {
  for (const stage of Object.values(stages)) await stage.assertClean();
});
