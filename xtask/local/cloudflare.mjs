// A double of the Cloudflare API: answers from recorded shapes, keeps state, and runs the Workers that are uploaded in workerd. What it knows of
// the API is written down in cloudflare/; whether it is right is what Cloudflare's own wrangler says, which is led to it by the checks.
//
//   node xtask/local/cloudflare.mjs --port 8787 --edge-port 8788 --zone example.com --account <id>    (the token comes on standard input)
//
// /client/v4/…   the API
// /__double/…    for checks: `requests`, `state` (GET), `fault`, `token`, `limit`, `hostname`, `reset-requests` (POST)
// The other port answers visitors by the header Host.
import fs from "node:fs";
import http from "node:http";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";

import { Refusal } from "./cloudflare/answer.mjs";
import { Account } from "./cloudflare/account.mjs";
import { startEdge } from "./cloudflare/edge.mjs";
import { Faults } from "./cloudflare/faults.mjs";
import { Journal } from "./cloudflare/journal.mjs";
import { answered } from "./cloudflare/router.mjs";
import { Runtime } from "./cloudflare/runtime.mjs";

const CONTROL = "/__double/";

/** What checks ask and set: by path, with the body as JSON. */
function control({ account, journal, faults }) {
  return {
    "GET requests": () => journal.requests,
    "GET state": () => ({ ...account.seen(), faults: faults.waiting }),
    "POST reset-requests": () => void (journal.requests = []),
    "POST fault": (body) => (Array.isArray(body) ? body : [body]).forEach((fault) => faults.add(fault)),
    "POST faults-clear": () => faults.clear(),
    "POST token": (body) => account.setToken(body),
    "POST limit": (body) => void Object.assign(account.limits, body),
    // Makes the certificate of a host name ready, or what else is said of it.
    "POST hostname": ({ hostname, status = "active", ssl = status }) => {
      const found = account.zones.flatMap(({ hostnames }) => hostnames).find((one) => one.hostname === hostname);
      if (!found) throw new Error(`there is no custom hostname ${hostname}`);
      found.status = status;
      found.ssl.status = ssl;
    },
  };
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function send(answer, method, { status, headers, body }) {
  answer.writeHead(status, { "content-length": String(body.length), ...headers });
  answer.end(method === "HEAD" ? undefined : body);
}

/** Does what a request asks, unless something is to go wrong with it. */
async function served(double, asked, answer, socket) {
  const effect = double.faults.take(asked);
  if (effect?.close === "before") return socket.destroy();
  if (effect?.timeout !== undefined && !effect.done) return undefined;
  if (effect?.status !== undefined) {
    const { status, code = 10013, message = "An unknown error has occurred.", headers } = effect;
    return send(answer, asked.method, new Refusal(status, code, message, { headers }).answer());
  }
  const result = await answered(double, asked);
  if (effect?.close === "after") return socket.destroy();
  if (effect?.timeout !== undefined) return undefined;
  if (effect?.delay !== undefined) await sleep(effect.delay);
  return send(answer, asked.method, result);
}

/**
 * Starts it.
 * @param {{port?: number, edgePort?: number, zones?: {name: string, id?: string, records?: string[]}[], accountId?: string, subdomain?: string,
 *   tokens?: {token: string, name?: string, permissions?: "*" | string[], zones?: string[]}[], random?: () => number}} [options]
 * @returns `{url, edgeUrl, account, stop}`: `url` ends with /client/v4
 */
export async function startCloudflare({ port = 0, edgePort = 0, zones = [{ name: "example.com" }], accountId, subdomain, tokens = [], random } = {}) {
  const account = new Account({ id: accountId ?? "acc0000000000000000000000000000a", subdomain, zones, random });
  for (const token of tokens) account.setToken(token);
  const runtime = await Runtime.start(account);
  const double = { account, runtime, journal: new Journal(), faults: new Faults() };
  const controls = control(double);

  async function controlled(request, answer, { pathname }) {
    const body = await read(request);
    const handler = controls[`${request.method} ${pathname.slice(CONTROL.length)}`];
    const value = (status, result) => send(answer, request.method, { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(result)) });
    if (!handler) return value(404, { error: "there is no such control" });
    try {
      return value(200, handler(body.length > 0 ? JSON.parse(body) : undefined) ?? {});
    } catch (error) {
      return value(400, { error: error.message });
    }
  }

  // A client that keeps its connections must not lose one as it sends: none is closed for being idle.
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, async (request, answer) => {
    const url = new URL(request.url, "http://double");
    if (url.pathname.startsWith(CONTROL)) return controlled(request, answer, url);
    try {
      const body = await read(request);
      const asked = { method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body };
      const text = request.headers.authorization?.replace(/^Bearer /, "");
      double.journal.add(asked, account.token(text)?.name ?? (account.assets.isSession(text) ? "upload-session-jwt" : undefined));
      await served(double, asked, answer, request.socket);
    } catch (error) {
      if (!answer.headersSent) request.socket.destroy();
    }
    return undefined;
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const edge = await startEdge(double, edgePort);
  return {
    account,
    url: `http://127.0.0.1:${server.address().port}/client/v4`,
    edgeUrl: `http://127.0.0.1:${edge.port}`,
    async stop() {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), edge.stop()]);
      await runtime.stop();
    },
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" }, "edge-port": { type: "string", default: "0" }, account: { type: "string" },
      subdomain: { type: "string" }, zone: { type: "string", multiple: true },
    },
  });
  const token = process.stdin.isTTY ? "" : fs.readFileSync(0, "utf8").trim();
  const zones = values.zone?.map((zone) => {
    const [name, id] = zone.split("=");
    return { name, id };
  });
  const double = await startCloudflare({
    port: Number(values.port), edgePort: Number(values["edge-port"]), zones, accountId: values.account, subdomain: values.subdomain,
    tokens: token ? [{ token, name: "api-token" }] : [],
  });
  console.log(JSON.stringify({ url: double.url, edge_url: double.edgeUrl, account: double.account.id }));
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => double.stop().finally(() => process.exit(0)));
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) await main();
