// A sample of `cargo xtask chaos`, and whether what it compares with would find what is wrong.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { chaos } from "../chaos/chaos.mjs";
import { account, differences, doubled, gaps, lost } from "../chaos/compare.mjs";
import { print } from "../chaos/report.mjs";
import { depth, seed } from "../support/random.mjs";

/** What is seen of an app that was asked for one thing and did it. */
function seen(change = () => {}) {
  const turn = "t1";
  const costs = { input: 9, cache_read: 0, cache_write: 0, output: 1 };
  const step = { turn, step: 1 };
  const found = {
    app: { id: "a1", name: "Tally", version: 1 }, apps: 1, served: 1, accepted: [{ turn, content: "Count." }],
    events: [
      { kind: "message", turn, role: "user", content: "Count." },
      { kind: "step_started", ...step },
      { kind: "text_delta", ...step, text: "I cou" },
      { kind: "text_delta", ...step, text: "nt." },
      { kind: "tool_delta", ...step, index: 0, name: "write_file", bytes: 3 },
      { kind: "tool_call", ...step, call: "c1", name: "write_file" },
      { kind: "step_finished", ...step },
      { kind: "build_queued", turn, build: "b1", version: 1, mode: "development" },
      { kind: "build_started", turn, build: "b1", attempt: 1 },
      { kind: "build_finished", turn, build: "b1", version: 1, status: "succeeded", diagnostics: [] },
      { kind: "preview_live", turn, build: "b1", version: 1 },
      { kind: "turn_finished", turn, outcome: "completed" },
    ],
    messages: [{ turn, role: "user", content: "Count." }],
    versions: [{ number: 1 }], manifests: [[{ path: "a", hash: "1" }]], files: [{ path: "a", hash: "1" }], contents: [["a", "1"]],
    builds: [{ id: "b1", version: 1, mode: "development", status: "succeeded", diagnostics: [] }], page: [{ status: 200, text: "<p>" }],
    cost: { billed: costs, unbilled: costs }, spent: { billed: costs, unbilled: costs, steps: 1 }, usage: { billed: costs, builds: 1 },
  };
  const copy = structuredClone(found);
  change(copy);
  return { ...copy, events: copy.events.map((event, n) => ({ seq: n + 1, at: 7 * n, ...event })) };
}

const place = (events, kind) => events.findIndex((event) => event.kind === kind);
const compared = (change) => differences(account(seen()), account(seen(change))).map(({ section }) => section);

describe("what a kill may change", () => {
  const step = { turn: "t1", step: 1 };
  const same = {
    "an attempt that came to nothing": ({ events }) => events.splice(2, 0, { kind: "text_delta", ...step, text: "I w" }, { kind: "attempt_voided", ...step, attempt: 1 }),
    "pieces of another size": ({ events }) => events.splice(2, 2, { kind: "text_delta", ...step, text: "I count." }),
    "an attempt more at a build": ({ events }) => events.splice(9, 0, { kind: "build_retrying", build: "b1" }, { kind: "build_started", turn: "t1", build: "b1", attempt: 2 }),
    "ids": ({ events }) => Object.assign(events[5], { call: "c2" }),
  };
  for (const [what, change] of Object.entries(same)) test(`is no difference: ${what}`, () => assert.deepEqual(compared(change), []));
});

describe("what a kill may not change", () => {
  const step = { turn: "t1", step: 1 };
  const other = {
    "words that are said twice": [({ events }) => events.splice(4, 0, events[3]), ["feed"]],
    "a call that is missing": [({ events }) => events.splice(5, 1), ["feed", "deltas"]],
    "words after the end of their step": [({ events }) => events.splice(7, 0, { kind: "text_delta", ...step, text: "." }), ["deltas"]],
    "a step without an end": [({ events }) => events.splice(6, 1), ["feed", "deltas"]],
    "a build that ends twice": [({ events }) => events.splice(9, 0, events[9]), ["builds"]],
    "another end of a build": [({ builds }) => Object.assign(builds[0], { status: "failed" }), ["builds"]],
    "a turn that did not wait for its preview": [({ events }) => events.splice(10, 2, events[11], events[10]), ["previews"]],
    "a file that is another": [({ files }) => Object.assign(files[0], { hash: "2" }), ["files"]],
    "a version more": [({ versions, manifests }) => versions.push({ number: 2 }) && manifests.push([]), ["versions"]],
    "tokens that are billed twice": [({ spent }) => Object.assign(spent.billed, { input: 18 }), ["ledger"]],
  };
  for (const [what, [change, sections]] of Object.entries(other)) {
    test(`is a difference: ${what}`, () => assert.deepEqual(compared(change), sections));
  }

  test("is lost, doubled, or a gap", () => {
    assert.deepEqual([lost(seen()), doubled(seen()), gaps({ ...seen(), again: seen().events })], [[], [], []]);
    assert.deepEqual(lost(seen(({ messages }) => messages.pop())), ["t1: Count."]);
    assert.equal(doubled(seen(({ messages }) => messages.push(messages[0]))).length, 1);
    assert.equal(doubled(seen(({ events }) => events.push(events[place(events, "tool_call")]))).length, 1);
    assert.equal(doubled(seen((found) => Object.assign(found, { apps: 2 }))).length, 1);
    assert.equal(gaps({ ...seen(), again: seen().events.slice(1) }).length, 1);
  });
});

describe("an app that is talked to while workerd, the builder and the model are killed", () => {
  test("comes to what it comes to undisturbed", async () => {
    assert.ok(print(await chaos({ kills: depth(30, 200), seed })));
  });
});
