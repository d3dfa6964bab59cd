// Random numbers that come again: `SEED=…` repeats a run that failed.

/** This run's seed. */
export const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** A stream of numbers from 0 to below 1 (mulberry32). */
export function random(state = seed) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How much to do: the sample that every run takes, or the whole count. */
export function depth(usual, full) {
  return process.env.OVERSKILL_TEST_DEPTH === "full" ? full : usual;
}
