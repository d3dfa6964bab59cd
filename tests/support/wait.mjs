// Waiting for something to become true, with an end.
import { setTimeout as sleep } from "node:timers/promises";

/** How long a turn may take before a spec gives up, in milliseconds: generous, since checks share their machine. */
export const TURN_MS = 90_000;

/**
 * Asks again and again until the answer is neither undefined, null nor false; the answer.
 * @param {string} what ends the sentence "gave up waiting for …"
 * @param {() => unknown} look may throw: that is an answer to come later
 */
export async function until(what, look, { timeoutMs = TURN_MS, everyMs = 25 } = {}) {
  const deadline = Date.now() + timeoutMs;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms`, { cause: last });
    }
    await sleep(everyMs);
  }
}
