// `cargo xtask bench conversations`: many conversations at once, each with two turns, every app with sources of its own or all with the
// same. Prints how soon messages are accepted and what memory is taken.
import { crowd, quantile } from "../support/crowd.mjs";

const count = Number(process.argv[2]);
// A look at each app takes longer than building it, and is not what is measured.
process.env.OVERSKILL_RENDER_CHECK ??= "off";
const MIB = 1024 * 1024;

const line = (what, ...numbers) => console.log(`${what.padEnd(46)}${numbers.map((number) => String(number).padStart(12)).join("")}`);
const times = (what, values) => line(what, ...[0.5, 0.9, 0.99, 1].map((share) => `${quantile(values, share).toFixed(0)} ms`));
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;

for (const isEachBuilt of [false, true]) {
  const { millis, accepted, before, idle, peak } = await crowd(count, { isEachBuilt });
  console.log(`${count} conversations, ${isEachBuilt ? "every app with sources of its own" : "all with the same sources"}: each finished, ${(millis / 1000).toFixed(1)} s`);
  line("", "median", "p90", "p99", "max");
  times("first messages accepted, all at one moment", accepted.created);
  times("second messages accepted, while turns run", accepted.said);
  line("WebAssembly memory, at its largest", mib(idle.wasm));
  line("workerd at its largest", mib(peak));
  line("for each idle conversation and its preview", mib((idle.resident - before.resident) / count));
}
