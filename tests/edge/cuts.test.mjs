// An answer that breaks off, after each of its events: nothing of it counts, and the next one is taken as a whole.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { MODELS, Stage } from "../support/stage.mjs";

const PAGES = ["index.html", "package.json"];
const ASKED = { text: "I look at two files.", calls: PAGES.map((path) => ({ name: "view_file", input: { path } })) };
const DONE = { text: "It is as it was." };

/** How an answer breaks off: the connection, or the body, as if it were whole. */
const FAULTS = ["cutAfter", "endAfter"];
/** How many apps share the events of an answer, so that it does not take long. */
const APPS = 2;

/** What follows the answer and need not come: the count of tokens, and the mark of the end. */
const SPARE = { anthropic: 0, "openai-responses": 0, "openai-chat": 2 };

const stages = {};

before(async () => {
  for (const [format, model] of Object.entries(MODELS)) stages[format] = await Stage.start([model]);
});

after(() => Promise.all(Object.values(stages).map((stage) => stage.stop())));

/** How many events the answer has. */
async function length(stage) {
  const app = await stage.app([ASKED, DONE]);
  await app.completed();
  return app.calls[0].sent;
}

/** A turn whose first answer breaks off after `n` events: what was called in it runs once, and then. */
async function assertWhole(stage, app, fault, n, isWhole) {
  const from = app.calls.length;
  stage.follow(app, isWhole ? [{ ...ASKED, [fault]: n }, DONE] : [{ ...ASKED, [fault]: n }, ASKED, DONE]);
  const turn = await app.say("Once more");
  const end = await app.ended(turn);
  assert.deepEqual([end.outcome, end.summary], ["completed", DONE.text], JSON.stringify(end));
  const calls = app.calls.slice(from);
  assert.equal(calls.length, isWhole ? 2 : 3);
  const voided = app.told(turn, "attempt_voided");
  assert.deepEqual(voided.map(({ step, attempt }) => [step, attempt]), isWhole ? [] : [[1, 1]], JSON.stringify(voided));
  if (!isWhole) {
    assert.match(voided[0].reason, /its answer broke off$/);
    assert.ok(voided[0].retry_at >= voided[0].at && voided[0].retry_at <= voided[0].at + 1000);
  }
  assert.equal(app.text(turn, 1), ASKED.text);
  const results = app.told(turn, "tool_result");
  assert.deepEqual(results.map(({ step, ok }) => [step, ok]), [[1, true], [1, true]]);
  assert.deepEqual(results.map(({ summary }) => summary.split(" ")[2]), PAGES);
}

// Side by side: most of the time is spent waiting for the second call.
describe("an answer", { concurrency: 3 }, () => {
  for (const format of Object.keys(MODELS)) {
    describe(`of ${format}`, { concurrency: FAULTS.length }, () => {
      let events;
      before(async () => {
        events = await length(stages[format]);
        assert.ok(events > 8, `${events} events`);
      });

      for (const fault of FAULTS) {
        test(`that ends by ${fault} after any of its events`, async () => {
          await Promise.all(Array.from({ length: APPS }, async (_, share) => {
            const app = await stages[format].app([DONE]);
            await app.completed();
            for (let n = share; n <= events; n += APPS) {
              await assertWhole(stages[format], app, fault, n, n >= events - SPARE[format]).catch((error) => {
                error.message = `${fault} ${n} of ${events}: ${error.message}`;
                throw error;
              });
            }
          }));
        });
      }
    });
  }
});

test("nothing of it shows a key or breaks a rule", async () => {
  for (const stage of Object.values(stages)) await stage.assertClean();
});
