// Which part is killed where: every boundary for workerd first, then some for the others, then whatever comes.
import { random } from "../support/random.mjs";

/** Kills of one run at boundaries of its own, by part: a builder is waited for longer after each. */
const EACH = { workerd: 15, builder: 6, double: 8 };
/** Kills of a run at random. */
export const EACH_RANDOM = 10;

/** How many kills each part gets at boundaries, of which there are so many; the rest is random. */
function shares(kills, boundaries) {
  const workerd = Math.min(boundaries, Math.floor(kills * (kills < boundaries ? 0.4 : 0.8)));
  const other = Math.min(boundaries, Math.floor((kills - workerd) * 0.25));
  return { workerd, builder: other, double: other };
}

/** `count` of the names by chance, in their order. */
function some(names, count, next) {
  const drawn = names.map((name) => [next(), name]).sort(([a], [b]) => a - b).slice(0, count).map(([, name]) => name);
  const chosen = new Set(drawn);
  return names.filter((name) => chosen.has(name));
}

/** Runs of a part that pass `names` between them: `{part, at}`; what stands side by side is killed in different runs. */
export function runs(part, names) {
  const count = Math.ceil(names.length / EACH[part]);
  return Array.from({ length: count }, (_, run) => ({ part, at: new Set(names.filter((_, n) => n % count === run)) }));
}

/** At which boundaries each part is killed. */
export function plan({ kills, seed, boundaries }) {
  const next = random(seed);
  const wanted = Object.entries(shares(kills, boundaries.length));
  return Object.fromEntries(wanted.map(([part, count]) => [part, some(boundaries, count, next)]));
}
