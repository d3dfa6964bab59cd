// Runs the edits of xtask/engine/bench in workerd, around the two wasm modules whose paths are its arguments: those edits, and the
// product's parser. Prints where that is as one line of JSON, and ends when its standard input does.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { parse } from "smol-toml";

const root = path.resolve(import.meta.dirname, "../..");
const [edits, parser] = process.argv.slice(2);
const pidFile = process.env.OVERSKILL_WORKERD_PID_FILE;

process.env.OVERSKILL_WORKERD = createRequire(import.meta.url)("workerd").default;
fs.rmSync(pidFile, { force: true });
const { compatibility_date, compatibility_flags } = parse(fs.readFileSync(path.join(root, "wrangler.toml"), "utf8"));
const miniflare = new Miniflare(convertV4MiniflareOptions({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  telemetry: { enabled: false },
  compatibilityDate: compatibility_date,
  compatibilityFlags: compatibility_flags,
  modulesRoot: "/",
  modules: [
    ["ESModule", "/host.js", path.join(root, "xtask/engine/bench/src/host.js")],
    ["ESModule", "/syntax.js", path.join(root, "src/edge/syntax.js")],
    ["CompiledWasm", "/bench.wasm", edits],
    ["CompiledWasm", "/syntax.wasm", parser],
  ].map(([type, name, file]) => ({ type, path: name, contents: fs.readFileSync(file) })),
}));
const url = await miniflare.ready;
console.log(JSON.stringify({ url: url.origin, process: Number(fs.readFileSync(pidFile, "utf8")) }));
process.stdin.resume().once("end", () => miniflare.dispose());
