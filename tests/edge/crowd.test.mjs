// A hundred conversations at once: each finishes what it was asked, and together they stay within what an isolate may take.
import assert from "node:assert/strict";
import { test } from "node:test";

import { crowd, quantile } from "../support/crowd.mjs";

const CONVERSATIONS = 100;
/** An isolate has 128 MB; what the engine itself takes is left to it. */
const MOST_WASM = 96 * 1024 * 1024;

test("a hundred conversations at once are each finished, in the memory of one isolate", async (t) => {
  const { millis, accepted, idle } = await crowd(CONVERSATIONS);
  const said = (times) => [0.5, 0.99].map((share) => `p${share * 100} ${quantile(times, share).toFixed(0)} ms`).join(", ");
  t.diagnostic(`${CONVERSATIONS} in ${(millis / 1000).toFixed(1)} s; accepted: ${said(accepted.created)}; while they ran: ${said(accepted.said)}; ${idle.wasm} bytes of WebAssembly memory`);
  // It never shrinks: what it is in the end is the most that it was.
  assert.ok(idle.wasm <= MOST_WASM, `${idle.wasm} bytes`);
});
