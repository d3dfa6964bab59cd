// What is printed: a line for each run, what is different in it, and a table in the end.
import { LEFT_OUT } from "./compare.mjs";

const COLUMNS = ["workerd", "builder", "double", "random"];
const MOST_CHARS = 600;
/** Boundaries that are named one by one. */
const MOST_NAMED = 20;

/** A run in a line, with what is wrong with it in lines below. */
export function shown({ name, part, kills, seconds, ...found }) {
  const at = new Set(kills.map(({ at }) => at).filter(Boolean)).size;
  const parts = part === "random" ? ` (${COLUMNS.slice(0, 3).map((one) => `${kills.filter((kill) => kill.part === one).length} ${one}`).join(", ")})` : "";
  const wrong = ["lost", "doubled", "gaps", "differences"].filter((what) => found[what].length > 0);
  const end = wrong.length === 0 ? "the same" : wrong.map((what) => `${found[what].length} ${what}`).join(", ");
  const line = `  ${name}: ${kills.length} kills${parts}, ${at} boundaries, ${seconds.toFixed(1)} s: ${end}`;
  return [line, ...wrong.flatMap((what) => found[what].map((one) => `    ${what}: ${described(one)}`))].join("\n");
}

function described(one) {
  if (typeof one === "string") return one;
  if (one.error) return `${one.error}\n${one.cause ?? ""}`;
  const [expected, found] = focus(one.expected, one.found);
  return `${one.section}, entry ${one.at + 1} of ${one.of}\n      after    ${cut(one.last)}\n      expected ${cut(expected)}\n      found    ${cut(found)}`;
}

const cut = (text) => (text === undefined ? "nothing" : text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS)} …`);

/** Two long lines from a little before where they part. */
function focus(expected, found) {
  if (expected === undefined || found === undefined || expected.length <= MOST_CHARS) return [expected, found];
  let n = 0;
  while (expected[n] === found[n]) n += 1;
  const from = Math.max(0, n - 80);
  const tail = (text) => (from === 0 ? text : `… ${text.slice(from)}`);
  return [tail(expected), tail(found)];
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function times(list) {
  if (list.length === 0) return "never";
  const sorted = [...list].sort((a, b) => a - b);
  const ms = (value) => `${value.toFixed(0)} ms`;
  return `${sorted.length} times, p50 ${ms(quantile(sorted, 0.5))}, p99 ${ms(quantile(sorted, 0.99))}, max ${ms(sorted.at(-1))}`;
}

/** How soon a reader has the feed again, at most, in milliseconds. */
const ATTACHED_MS = 500;

/** Prints the table; whether all is as it should be. */
export function print(chaos) {
  const of = (part) => chaos.results.filter((result) => part === "together" || result.part === part);
  const sum = (part, what) => of(part).reduce((total, result) => total + result[what].length, 0);
  const columns = [...COLUMNS, "together"];
  const row = (name, cell) => console.log(`${name.padEnd(24)}${columns.map((part) => String(cell(part)).padStart(11)).join("")}`);
  const boundaries = chaos.boundaries?.length ?? 0;
  console.log("");
  row("", (part) => part);
  row("runs", (part) => of(part).length);
  row("kills", (part) => sum(part, "kills"));
  row("boundaries hit", (part) => (COLUMNS.indexOf(part) > 2 || part === "together" ? "" : `${chaos.hit(part).size}/${boundaries}`));
  row("lost messages", (part) => sum(part, "lost"));
  row("duplicated effects", (part) => sum(part, "doubled"));
  row("differences", (part) => sum(part, "differences"));
  row("gaps or repeats", (part) => sum(part, "gaps"));
  row("seconds", (part) => of(part).reduce((total, { seconds }) => total + seconds, 0).toFixed(0));
  console.log(`the feed is read again after the Worker answers: ${times(chaos.attached)} (at most ${ATTACHED_MS} ms)`);
  console.log(`the Worker answers again after its kill: ${times(chaos.away)} (not counted)`);
  const unhit = (chaos.boundaries ?? []).filter((boundary) => !chaos.hit("workerd").has(boundary));
  if (unhit.length > 0 && unhit.length <= MOST_NAMED) console.log(`workerd was not killed at: ${unhit.join(", ")}`);
  console.log(`not compared:\n${LEFT_OUT.map((what) => `  ${what}`).join("\n")}`);
  const wrong = ["lost", "doubled", "differences", "gaps"].reduce((total, what) => total + sum("together", what), 0);
  if (chaos.crashed > 0) console.log(`${chaos.crashed} logs tell of a crash inside the Worker`);
  const isQuick = Math.max(0, ...chaos.attached) < ATTACHED_MS;
  const isWhole = wrong === 0 && chaos.crashed === 0 && isQuick && chaos.killed >= chaos.kills;
  console.log(isWhole ? "all the same" : `not the same: ${wrong} findings${isQuick ? "" : ", and a reader that waited too long"}`);
  return isWhole;
}
