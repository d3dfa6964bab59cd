// What goes wrong on purpose.

/**
 * A fault that waits for its request: `{method, path, nth, times, effect}`. `path` is a regular expression; the first matching request is
 * meant without `nth`, and one alone without `times`. The effect is one of
 * `{status, code, message, headers}`: refused, nothing is done;
 * `{timeout: true, done}`: never answered, and done only with `done`;
 * `{delay}`: done and answered so many milliseconds later;
 * `{close: "before" | "after"}`: the connection is closed, and nothing was done or all was.
 */
export class Faults {
  #waiting = [];

  add({ method, path, nth = 1, times = 1, effect }) {
    const kinds = ["status", "timeout", "delay", "close"].filter((kind) => effect?.[kind] !== undefined);
    if (kinds.length !== 1) throw new Error("the effect of a fault is one of: status, timeout, delay, close");
    if (effect.close !== undefined && !["before", "after"].includes(effect.close)) throw new Error("`close` is before or after");
    this.#waiting.push({ method, path: new RegExp(path ?? ""), left: nth, times, effect });
  }

  clear() {
    this.#waiting = [];
  }

  /** The effect that is meant for this request. Each request counts for every fault that it matches. */
  take({ method, path }) {
    let effect;
    for (const fault of this.#waiting) {
      if ((fault.method && fault.method !== method) || !fault.path.test(path)) continue;
      fault.left -= 1;
      if (fault.left > 0 || effect) continue;
      effect = fault.effect;
      fault.times -= 1;
    }
    this.#waiting = this.#waiting.filter(({ times }) => times > 0);
    return effect;
  }

  get waiting() {
    return this.#waiting.map(({ method, path, left, times, effect }) => ({ method, path: path.source, left, times, effect }));
  }
}
