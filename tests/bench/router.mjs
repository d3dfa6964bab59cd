// `cargo xtask bench router`: an app at its addresses, through the router and the loader, beside a plain Worker that has the same bytes in it, and beside
// `vite preview`. Prints medians over one connection, requests a second over many, and how soon a script that was never loaded answers: by itself, and with what
// the router reads for it. Ends with 1 when a target does not hold.
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";

import { Miniflare, convertV4MiniflareOptions } from "miniflare";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { quantile } from "../support/crowd.mjs";
import { until } from "../support/wait.mjs";

process.env.OVERSKILL_RENDER_CHECK ??= "off";
const root = path.resolve(import.meta.dirname, "../..");
const ROUNDS = 25;
/** In each turn: requests that are not counted, and those that are. */
const [WARM, TIMED] = [10, 50];
const [CONNECTIONS, SECONDS] = [16, 3];
const STARTS = 15;
const TARGETS = [];

const line = (what, ...cells) => console.log(`${what.padEnd(46)}${cells.map((cell) => String(cell).padStart(12)).join("")}`);
const ms = (value) => `${value.toFixed(2)} ms`;
const holds = (what, is) => TARGETS.push({ what, is });
const median = (values) => quantile(values, 0.5);

/** Somebody who asks one server over connections that stay open. */
function reader({ port, host }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const get = (target, more = {}) => new Promise((resolve, reject) => {
    const call = http.request({ host: "127.0.0.1", port, path: target, agent, headers: { host, accept: "text/html", "accept-encoding": "gzip", ...more } }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(chunks) }));
    });
    call.on("error", reject);
    call.end();
  });
  const timed = async (target) => {
    const begun = performance.now();
    const { status } = await get(target);
    if (status !== 200) throw new Error(`${host}${target}: status ${status}`);
    return performance.now() - begun;
  };
  return { get, timed, close: () => agent.destroy() };
}

/**
 * The times of all of them, round by round. They take turns, so that whatever else happens befalls all alike, and each for a while: one that has just
 * been woken is slow for reasons of the machine.
 */
async function compare(readers, target) {
  const found = readers.map(() => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [n, one] of readers.entries()) {
      const times = [];
      for (let count = 0; count < WARM + TIMED; count += 1) times.push(await one.timed(target));
      // The first round is not counted.
      if (round > 0) found[n].push(times.slice(WARM));
    }
  }
  return found;
}

/** What one takes more than another, by their medians in each round: a while in which the machine is slow is a few rounds among others. */
const more = (own, other) => median(own.map((times, round) => median(times) - median(other[round])));

async function throughput(one, target) {
  const end = performance.now() + SECONDS * 1_000;
  let count = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (performance.now() < end) {
      await one.timed(target);
      count += 1;
    }
  }));
  return count / SECONDS;
}

/** A script that is in the set's own Worker. Vendor modules of previews are read from storage, and by a browser once a year. */
const isOwnScript = (target) => /^\/assets\/[^/]+\.js$/.test(target);

/** The page and what it loads first, by their paths. */
async function firstLoad(one) {
  const answer = async (target) => {
    const { bytes, headers } = await one.get(target);
    return { bytes, type: headers["content-type"], coding: headers["content-encoding"] };
  };
  const page = await answer("/");
  const html = (page.coding === "gzip" ? gunzipSync(page.bytes) : page.bytes).toString();
  const all = new Map([["/", page]]);
  for (const [, target] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) all.set(target, await answer(target));
  return all;
}

/** A Worker with these answers in it and nothing else. */
async function plainWorker(answers) {
  const modules = [...answers].map(([, { bytes }], n) => ({ type: "Data", path: `/part-${n}.bin`, contents: bytes }));
  const entries = [...answers].map(([target, { type, coding }], n) => `[${JSON.stringify(target)}, { body: part${n}, encodeBody: ${JSON.stringify(coding ? "manual" : "automatic")}, headers: ${JSON.stringify({ "content-type": type, ...(coding && { "content-encoding": coding }) })} }]`);
  const imports = [...answers].map((_, n) => `import part${n} from "./part-${n}.bin";`);
  const code = `${imports.join("\n")}
const answers = new Map([${entries.join(",\n")}]);
export default { fetch(request) {
  const found = answers.get(new URL(request.url).pathname);
  return found ? new Response(found.body, found) : new Response(null, { status: 404 });
} };`;
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false }, compatibilityDate: "2026-07-01", modulesRoot: "/",
    modules: [{ type: "ESModule", path: "/worker.js", contents: code }, ...modules],
  }));
  const url = await miniflare.ready;
  return { port: Number(url.port), stop: () => miniflare.dispose() };
}

/** The modules of a set as the stack has stored it: what R2 keeps locally is a database of keys, and a file for each content. */
function storedScript(state, app, digest) {
  const folder = path.join(state, "workerd/r2");
  const names = fs.readdirSync(folder, { recursive: true });
  const databases = names.filter((name) => /[0-9a-f]{64}\.sqlite$/.test(name)).map((name) => new DatabaseSync(path.join(folder, name), { readOnly: true }));
  const read = (hash) => {
    const found = databases.map((database) => database.prepare("SELECT blob_id FROM _mf_objects WHERE key = ?").get(`apps/${app}/sets/${hash}`)).find(Boolean);
    return fs.readFileSync(path.join(folder, names.find((name) => name.endsWith(found.blob_id))));
  };
  const { main, modules } = JSON.parse(read(digest));
  const data = ({ js, text, data: hash }) => (hash ? { base64: read(hash).toString("base64") } : { js, text });
  return { main, modules: Object.entries(modules).map(([name, module]) => [name, data(module)]) };
}

/** A Worker that loads a script which it has in it: the same one again at `/same`, and one that was never loaded elsewhere. */
async function bareLoader({ main, modules }) {
  const code = `
const modules = Object.fromEntries(${JSON.stringify(modules)}.map(([name, { base64, ...module }]) => [name, base64 ? { data: Uint8Array.fromBase64(base64).buffer } : module]));
const code = { compatibilityDate: "2026-07-01", mainModule: ${JSON.stringify(main)}, modules, env: { PUBLIC: "{}", VERSION: "1", DIGEST: "", FRAME_ANCESTORS: "'none'" }, globalOutbound: null };
let count = 0;
export default { fetch(request, env) {
  const name = new URL(request.url).pathname === "/same" ? "same" : String(count++);
  return env.LOADER.get(name, () => code).getEntrypoint().fetch("http://app/_health");
} };`;
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false }, compatibilityDate: "2026-07-01", workerLoaders: { LOADER: {} }, modulesRoot: "/",
    modules: [{ type: "ESModule", path: "/worker.js", contents: code }],
  }));
  const url = await miniflare.ready;
  return { port: Number(url.port), stop: () => miniflare.dispose() };
}

async function vitePreview(answers) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-bench-"));
  for (const [target, { bytes, coding }] of answers) {
    const file = path.join(folder, "dist", target === "/" ? "index.html" : target);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, coding === "gzip" ? gunzipSync(bytes) : bytes);
  }
  const vite = path.join(root, "templates/foundation/node_modules/vite/bin/vite.js");
  const child = spawn(process.execPath, [vite, "preview", "--host", "127.0.0.1", "--port", "0", "--strictPort", "--outDir", "dist", folder], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk) => { said += chunk; });
  const port = await until("vite preview", () => /127\.0\.0\.1:(\d+)/.exec(said.replaceAll(/\x1b\[[0-9;]*m/g, ""))?.[1]);
  return { port: Number(port), stop: () => { child.kill(); fs.rmSync(folder, { recursive: true }); } };
}

const stack = await startStack();
const app = await App.create(stack);
const plain = [];
let vite;
let loading;
try {
  await app.completed();
  await app.settled();
  const { deployment } = (await app.api("POST", "/deployments", { environment: "production" })).body;
  const live = await until("the deployment", async () => {
    const now = (await app.get(`/deployments/${deployment.id}`)).deployment;
    if (now.status === "failed") throw new Error(now.error);
    return now.status === "live" && now;
  });
  const at = (url) => reader({ port: stack.port, host: new URL(url).host });
  const production = at(live.url);
  const environments = [["production", production], ["preview", at(app.created.preview_url)]];
  const measured = [];
  for (const [name, router] of environments) {
    const answers = await firstLoad(router);
    const worker = await plainWorker(answers);
    plain.push(worker);
    const beside = reader({ port: worker.port, host: "plain.example" });
    measured.push({ name, router, beside, answers, script: [...answers.keys()].find(isOwnScript) });
  }
  vite = await vitePreview(measured[0].answers);
  const bare = reader({ port: vite.port, host: `127.0.0.1:${vite.port}` });

  for (const { name, router, beside, answers, script } of measured) {
    for (const [what, target] of [["the page", "/"], [`a script of ${Math.round(answers.get(script).bytes.length / 1024)} KiB in gzip`, script]]) {
      const all = [["router and loader", router], ["a plain Worker with the same bytes", beside]];
      // What Vite serves is the build for production.
      if (name === "production") all.push(["vite preview", bare]);
      const found = await compare(all.map(([, one]) => one), target);
      line(`${name}: ${what}`, "median", "p90", "max", "a second");
      for (const [n, [who, one]] of all.entries()) {
        const times = found[n].flat();
        line(`  ${who}`, ms(quantile(times, 0.5)), ms(quantile(times, 0.9)), ms(quantile(times, 1)), Math.round(await throughput(one, target)));
      }
      const over = more(...found);
      line("  over the plain Worker, at the median", ms(over));
      holds(`${name}: ${what} takes less than 1 ms more than from a plain Worker, at the median (${ms(over)})`, over < 1);
    }
  }

  const { digest, app_id: id } = JSON.parse((await production.get("/_deployment", { "accept-encoding": "identity" })).bytes);
  loading = await bareLoader(storedScript(stack.state, id, digest));
  const fresh = reader({ port: loading.port, host: "plain.example" });
  const alone = [];
  for (let run = 0; run < STARTS + 5; run += 1) {
    const warm = await fresh.timed("/same");
    const took = await fresh.timed("/new") - warm;
    if (run >= 5) alone.push(took);
  }
  line("the start of the generated script", ms(quantile(alone, 0.5)), ms(quantile(alone, 0.9)), ms(quantile(alone, 1)));
  holds(`the generated script starts in less than 20 ms (${ms(median(alone))})`, median(alone) < 20);

  // What an environment is told is part of what is loaded: another value, another start.
  const starts = [];
  for (let run = 0; run < STARTS; run += 1) {
    const warm = await production.timed("/_health");
    await app.api("PUT", "/env/production/RUN", { kind: "public", value: String(run) });
    starts.push(await production.timed("/_health") - warm);
  }
  line("  with what it is told and its reading", ms(quantile(starts, 0.5)), ms(quantile(starts, 0.9)), ms(quantile(starts, 1)));
  for (const one of [bare, fresh, ...measured.flatMap(({ router, beside }) => [router, beside])]) one.close();
} finally {
  app.close();
  vite?.stop();
  for (const worker of plain) await worker.stop();
  await loading?.stop();
  await stack.stop();
}
for (const { what, is } of TARGETS) console.log(`${is ? "holds" : "FAILS"}  ${what}`);
process.exitCode = TARGETS.every(({ is }) => is) ? 0 : 1;
