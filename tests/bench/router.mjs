// `cargo xtask bench router`: an app at its addresses, through the router and the loader, beside a plain Worker that has the same bytes in it, and beside
// `vite preview`. Prints medians over one connection, requests a second over many, and how soon a script that was never loaded answers. Ends with 1 when a target
// does not hold.
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";

import { Miniflare, convertV4MiniflareOptions } from "miniflare";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { quantile } from "../support/crowd.mjs";
import { until } from "../support/wait.mjs";

process.env.OVERSKILL_RENDER_CHECK ??= "off";
const root = path.resolve(import.meta.dirname, "../..");
const ROUNDS = 400;
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

/** The times of all of them, one after the other and again, so that whatever else happens befalls all alike. */
async function compare(readers, target) {
  const found = readers.map(() => []);
  for (let round = 0; round < ROUNDS + 40; round += 1) {
    for (const [n, one] of readers.entries()) {
      const took = await one.timed(target);
      // The first ones warm up.
      if (round >= 40) found[n].push(took);
    }
  }
  return found;
}

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
let plain;
let vite;
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
  const [preview, production] = [at(app.created.preview_url), at(live.url)];
  const page = await production.get("/");
  const html = (page.headers["content-encoding"] === "gzip" ? gunzipSync(page.bytes) : page.bytes).toString();
  const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, target]) => target);
  const answers = new Map([["/", { bytes: page.bytes, type: page.headers["content-type"], coding: page.headers["content-encoding"] }]]);
  for (const asset of assets) {
    const { bytes, headers } = await production.get(asset);
    answers.set(asset, { bytes, type: headers["content-type"], coding: headers["content-encoding"] });
  }
  plain = await plainWorker(answers);
  vite = await vitePreview(answers);
  const beside = reader({ port: plain.port, host: "plain.example" });
  const bare = reader({ port: vite.port, host: `127.0.0.1:${vite.port}` });
  const script = assets.find((asset) => asset.endsWith(".js"));
  const shown = await preview.get("/");
  const [, developed] = /src="(\/assets\/[^"]+\.js)"/.exec((shown.headers["content-encoding"] === "gzip" ? gunzipSync(shown.bytes) : shown.bytes).toString());

  for (const [what, target] of [["the page", "/"], [`a script of ${Math.round(answers.get(script).bytes.length / 1024)} KiB in gzip`, script]]) {
    const [own, same, other] = await compare([production, beside, bare], target);
    // The preview of that version was built for development: its scripts are others.
    const previewed = (await compare([preview], target === "/" ? "/" : developed))[0];
    line(what, "median", "p90", "max", "a second");
    for (const [name, values, one] of [["  router and loader, production", own, production], ["  router and loader, preview", previewed, preview], ["  a plain Worker with the same bytes", same, beside], ["  vite preview", other, bare]]) {
      line(name, ms(quantile(values, 0.5)), ms(quantile(values, 0.9)), ms(quantile(values, 1)), Math.round(await throughput(one, one === preview && target !== "/" ? developed : target)));
    }
    const over = median(own) - median(same);
    line("  over the plain Worker, at the median", ms(over), `${(median(own) / median(same)).toFixed(2)} times`);
    holds(`${what} takes less than 1 ms more than from a plain Worker, at the median (${ms(over)})`, over < 1);
  }

  // What an environment is told is part of what is loaded: another value, another start.
  const starts = [];
  for (let run = 0; run < STARTS; run += 1) {
    const warm = await production.timed("/_health");
    await app.api("PUT", "/env/production/RUN", { kind: "public", value: String(run) });
    starts.push(await production.timed("/_health") - warm);
  }
  line("a script that was never loaded", ms(quantile(starts, 0.5)), ms(quantile(starts, 0.9)), ms(quantile(starts, 1)));
  holds(`the generated script starts in less than 20 ms, its reading from storage included (${ms(median(starts))})`, median(starts) < 20);
  for (const one of [preview, production, beside, bare]) one.close();
} finally {
  app.close();
  vite?.stop();
  await plain?.stop();
  await stack.stop();
}
for (const { what, is } of TARGETS) console.log(`${is ? "holds" : "FAILS"}  ${what}`);
process.exitCode = TARGETS.every(({ is }) => is) ? 0 : 1;
