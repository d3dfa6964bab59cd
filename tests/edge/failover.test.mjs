// One provider stands in for another: in the middle of a turn, soon, with the same tools and the same conversation, and without what
// only the other can read.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";

import { KEYS } from "../support/model.mjs";
import { assertProblem } from "../support/problem.mjs";
import { MODELS, Stage } from "../support/stage.mjs";

const CLAUDE = MODELS.anthropic;
const GPT = MODELS["openai-responses"];
const LLAMA = MODELS["openai-chat"];

/** By when another is asked after a call has failed, in milliseconds; and what a machine that is shared may add. */
const SOON = 5000;
const SLACK = 1500;

const THOUGHT = "The page is index.html.";
const LOOK = { thinking: THOUGHT, text: "I look.", calls: [{ name: "view_file", input: { path: "index.html" } }] };
const TEXT = "It has a list of recipes, and a page for each one of them with its ingredients and how long it takes.";
const WELL = { text: TEXT };
/** An answer that does not come to its end: of every format, some of its words come. */
const begun = (fault) => ({ text: `${TEXT} And then some more.`, ...fault });

let stage;
before(async () => {
  stage = await Stage.start([CLAUDE, GPT, LLAMA], { vars: { MODEL_STALL_SECONDS: "3" } });
});
after(() => stage?.stop());

/** A script for each model; `n` counts the calls of that model. */
function by(scripts) {
  const counts = {};
  return ({ said: { model }, provider }) => {
    const [script] = Object.entries(MODELS).filter(([format]) => format === provider).map(([, name]) => scripts[name]);
    assert.ok(script, `${model} of ${provider} is asked`);
    counts[provider] = (counts[provider] ?? -1) + 1;
    return script[Math.min(counts[provider], script.length - 1)];
  };
}

/** Who was asked, in order. */
const asked = (app) => app.calls.map(({ provider }) => MODELS[provider]);
/** Who has answered, step by step. */
const answered = (app, turn = app.turn) => app.told(turn, "step_finished").map(({ model }) => model);
/** What the models were told, without what none but its own reads. */
const told = ({ said }) => ({ system: said.system, tools: said.tools, messages: said.messages });

async function ends(app, turn = app.turn, outcome = "completed") {
  const end = await app.ended(turn);
  assert.equal(end.outcome, outcome, JSON.stringify(end));
  return end;
}

// Side by side, but no more than a shared machine bears: silence is three seconds here.
describe("a turn that one model begins and another ends", { concurrency: 4 }, () => {
  const failures = {
    "is overloaded": { fault: { status: 529 }, voided: /is overloaded \(529\)/, times: 2 },
    "breaks off in its words": { fault: begun({ cutAfter: -4 }), voided: /broke off/, times: 2 },
    "gives up in its words": { fault: begun({ errorAfter: -4 }), voided: /broke off its answer/, times: 2 },
    "falls silent": { fault: begun({ stallAfter: -4 }), voided: /fell silent/, times: 1 },
    "wants to be left alone for a minute": { fault: { status: 429, headers: { "retry-after": "60" } }, voided: /429/, times: 1 },
    "does not take its key any more": { fault: { status: 401 }, voided: /does not accept the key/, times: 1 },
    "is not there any more": { fault: { status: 404 }, voided: /is not known/, times: 1 },
  };
  for (const [what, { fault, voided, times }] of Object.entries(failures)) {
    for (const [first, second] of [[CLAUDE, GPT], [GPT, CLAUDE], [LLAMA, CLAUDE]]) {
      test(`${first} ${what}: ${second} ends it`, async () => {
        const app = await stage.app(by({ [first]: [LOOK, ...Array(times).fill(fault)], [second]: [WELL] }), { model: first });
        await ends(app);
        assert.deepEqual(asked(app), [first, ...Array(times).fill(first), second]);
        assert.deepEqual(answered(app), [first, second]);
        const attempts = app.told(app.turn, "attempt_voided");
        assert.deepEqual(attempts.map(({ step, model, attempt }) => [step, model, attempt]), attempts.map((_, n) => [2, first, n + 1]));
        assert.equal(attempts.length, times);
        attempts.forEach(({ reason }) => assert.match(reason, voided));
        // Deltas of attempts that came to nothing do not count: what follows them is the whole.
        assert.equal(app.text(app.turn, 2), TEXT);
        assert.equal((await app.messages()).at(-1).content, TEXT);

        const last = app.calls.at(-1);
        const failed = app.calls.slice(1, -1);
        const within = last.at - failed[0].ended;
        assert.ok(within < (times === 1 ? SLACK : SOON + SLACK), `${within} ms`);
        // The same in another's words: tools, instructions, and every call with its result.
        assert.deepEqual(told(last), told(failed[0]));
        assert.doesNotMatch(JSON.stringify(last.request), new RegExp(`${THOUGHT}|signature|encrypted_content":`));
      });
    }
  }
});

describe("what only one model reads", () => {
  test("is given back to Claude as it was, in a turn that it ends itself", async () => {
    const thought = { thinking: THOUGHT, signature: "EqQBCgIYAhIM" };
    const blocks = [thought, { redacted: "EmwKAhgB" }, { text: "I look." }, { call: LOOK.calls[0] }];
    const app = await stage.app([{ blocks }, { status: 500 }, { blocks }, WELL], { model: CLAUDE });
    await ends(app);
    assert.deepEqual(asked(app), Array(4).fill(CLAUDE));
    for (const { request } of app.calls.slice(1)) {
      const [first] = request.messages.filter(({ role }) => role === "assistant");
      assert.deepEqual(first.content.slice(0, 2), [{ type: "thinking", ...thought }, { type: "redacted_thinking", data: "EmwKAhgB" }]);
    }
  });

  test("is given back to GPT as it was", async () => {
    const app = await stage.app([LOOK, WELL], { model: GPT });
    await ends(app);
    const items = app.calls[1].request.input.filter(({ type }) => type === "reasoning");
    assert.equal(items.length, 1);
    assert.match(items[0].encrypted_content, /\w{20}/);
    assert.deepEqual(items[0].summary, [{ type: "summary_text", text: THOUGHT }]);
  });
});

describe("who is asked", () => {
  test("in the next turn is the first again, or who stands in for it as long as it wants to be left alone", async () => {
    const app = await stage.app(by({ [CLAUDE]: [{ status: 529 }, { status: 529 }, WELL, { status: 429, headers: { "retry-after": "60" } }], [GPT]: [WELL] }));
    await ends(app);
    await ends(app, await app.say("And then?"));
    await ends(app, await app.say("And then?"));
    await ends(app, await app.say("And then?"));
    assert.deepEqual(asked(app), [CLAUDE, CLAUDE, GPT, CLAUDE, CLAUDE, GPT, GPT]);
  });

  test("is nobody that has failed five times in a row", async () => {
    const app = await stage.app(by({ [CLAUDE]: [{ status: 500 }], [GPT]: [WELL] }));
    await ends(app);
    for (let n = 0; n < 3; n += 1) await ends(app, await app.say("And then?"));
    assert.deepEqual(asked(app), [CLAUDE, CLAUDE, GPT, CLAUDE, CLAUDE, GPT, CLAUDE, GPT, GPT]);
  });

  test("is everybody once, and the last as often as if it were alone", async () => {
    const app = await stage.app(by({ [CLAUDE]: [{ status: 529 }], [GPT]: [{ reset: true }], [LLAMA]: [{ status: 503 }, WELL] }));
    await ends(app);
    assert.deepEqual(asked(app), [CLAUDE, CLAUDE, GPT, GPT, LLAMA, LLAMA]);
    assert.deepEqual(app.told(app.turn, "attempt_voided").map(({ attempt }) => attempt), [1, 2, 3, 4, 5]);
  });

  test("for a request that a provider will not have is nobody else", async () => {
    const app = await stage.app([{ status: 400, error: { message: "prompt is too long" } }]);
    const { summary } = await ends(app, app.turn, "failed");
    assert.match(summary, /prompt is too long/);
    assert.deepEqual(asked(app), [CLAUDE]);
  });

  test("is the model of the app, of those that there are", async () => {
    const app = await stage.app([WELL], { model: LLAMA });
    await ends(app);
    assert.equal(app.calls[0].said.model, "llama");
    const refused = await stage.stack.api("POST", "/v1/apps", { prompt: "A recipe box", model: "gpt-nobody" });
    assertProblem(refused, "unprocessable", /`gpt-nobody` is not configured here. There is: claude-test, gpt-test, openai-chat\/llama\.$/);
  });
});

describe("keys", () => {
  test("that a provider repeats are not passed on", async () => {
    const turns = [[CLAUDE, KEYS.ANTHROPIC_API_KEY], [GPT, KEYS.OPENAI_API_KEY], [LLAMA, KEYS.OPENAI_API_KEY]].flatMap(([model, key]) => {
      // Where the words are shortened, the key is cut off in its middle.
      const error = { type: "invalid_request_error", message: `${"-".repeat(285)} ${key} is wrong` };
      const faults = [{ status: 400, error }, { status: 400, error: { type: key } }, { status: 422, body: JSON.stringify({ error: key }) }, { ...WELL, errorAfter: 2, error }];
      return faults.map(async (fault) => {
        const app = await stage.app([fault], { model });
        const { summary } = await ends(app, app.turn, "failed");
        assert.ok(!summary.includes(key.slice(0, 10)), summary);
      });
    });
    await Promise.all(turns);
  });

  test("are not sent to where a provider points", async () => {
    const found = [];
    const other = http.createServer((request, response) => {
      found.push(request.headers);
      response.end();
    });
    await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const location = `http://127.0.0.1:${other.address().port}/`;
      for (const model of [CLAUDE, GPT]) {
        for (const status of [302, 307]) {
          const app = await stage.app([{ status, headers: { location } }], { model });
          const { summary } = await ends(app, app.turn, "failed");
          assert.match(summary, new RegExp(`is at another address than the one that is set for it \\(${status}\\)`));
        }
      }
    } finally {
      other.close();
    }
    assert.deepEqual(found, []);
  });

  test("are shown nowhere", () => stage.assertClean());
});
