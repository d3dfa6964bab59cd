// Many conversations at once on one machine: what each comes to, how soon its messages are accepted, and what memory they take.
import assert from "node:assert/strict";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { MODELS, Stage } from "./stage.mjs";

/** A first message to all at once, and a second to each while the turns run: one after so many milliseconds, on average. */
const BETWEEN_MS = 50;

const writes = (path, text) => ({ text: `I write ${path}.`, calls: [{ name: "write_file", input: { path, content: text } }], gapMs: 5 });

/** Resident memory of a process, in bytes. */
function resident(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

/** The value below which `share` of them are. */
export function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/**
 * @param {number} count how many conversations
 * @param {{isEachBuilt?: boolean, delayMs?: number}} [options] `isEachBuilt`: every app has sources of its own, so that none of its
 *   builds comes out of the build cache; `delayMs`: after how long the model's first word comes
 * @returns what was measured: times to accept in milliseconds, memory in bytes
 */
export async function crowd(count, { isEachBuilt = false, delayMs = 200 } = {}) {
  // Twice as many builds as conversations take their time.
  const timeoutMs = (isEachBuilt ? 6_000 : 900) * count;
  const stage = await Stage.start([MODELS.anthropic], { double: { delayMs } });
  const accepted = { created: [], said: [] };
  const timed = async (times, call) => {
    const begun = performance.now();
    const answer = await call();
    times.push(performance.now() - begun);
    return answer;
  };
  const memory = async () => {
    const health = (await stage.stack.request("/healthz")).json();
    return { wasm: health.memory_bytes, resident: resident(stage.stack.workerdPid) };
  };
  const script = (name) => ({ said }) => {
    if (said.step > 0) return { text: "It is written." };
    const turn = /And a second/.test(said.last) ? 2 : 1;
    return writes(`src/notes/note${turn}.ts`, `export const note = ${JSON.stringify(isEachBuilt ? `${name} ${turn}` : turn)}\n`);
  };
  try {
    const first = await stage.app(script("the first"));
    await first.completed();
    first.close();
    const before = await memory();

    const begun = performance.now();
    // What this process does with an answer is not the time that another took: nobody follows a feed until all are answered.
    const all = Promise.withResolvers();
    const create = (n) => {
      const asked = performance.now();
      return stage.app(script(n), {
        accepted: () => {
          accepted.created.push(performance.now() - asked);
          if (accepted.created.length === count) all.resolve();
          return all.promise;
        },
      });
    };
    const apps = await Promise.all(Array.from({ length: count }, (_, n) => create(n)));
    const seconds = [];
    for (const app of apps) {
      await sleep(2 * BETWEEN_MS * Math.random());
      seconds.push(timed(accepted.said, () => app.say("And a second note")));
    }
    const turns = await Promise.all(seconds);
    let peak = 0;
    for (const [n, app] of apps.entries()) {
      await app.completed(app.turn, { timeoutMs });
      const end = await app.completed(turns[n], { timeoutMs });
      assert.equal(end.version, 3, JSON.stringify(end));
      assert.equal(app.feed.of("turn_finished").length, 2);
      assert.deepEqual((await app.messages()).map(({ role }) => role).sort(), ["assistant", "assistant", "user", "user"]);
      peak = Math.max(peak, (await memory()).resident);
    }
    const millis = performance.now() - begun;
    const done = await memory();
    for (const app of apps) app.close();
    // Nobody is at any of them.
    await sleep(2_000);
    const idle = await memory();
    await stage.assertClean();
    return { count, millis, accepted, before, done, idle, peak };
  } finally {
    await stage.stop();
  }
}
