// What visitors reach: the Worker of a host name, in the version that is live for them.
import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";

const DEV = ".workers.dev";
/** What a request is told where Miniflare would show a page about an error. */
const PLAIN = { "mf-disable-pretty-error": "true" };
/** What an answer of a remote binding has for Miniflare. */
const FORWARDED = "mf-forwarded-response";

/** An entry of `Cloudflare-Workers-Version-Overrides`, a dictionary of strings (RFC 9651 section 3.2); nothing when it is malformed. */
export function overrideFor(header, name) {
  const entry = /^\s*([a-z*][a-z0-9_.*-]*)="([^"\\]*)"\s*$/;
  const entries = (header ?? "").split(",").map((one) => entry.exec(one));
  if (entries.some((one) => one === null)) return undefined;
  return entries.findLast(([, key]) => key === name)?.[2];
}

/** The version that answers a request: by override, by key or by chance. */
export function versionFor(worker, headers, random) {
  const named = overrideFor(headers["cloudflare-workers-version-overrides"], worker.name);
  if (named && worker.live.some(({ version_id }) => version_id === named)) return worker.version(named);
  const key = headers["cloudflare-workers-version-key"];
  const place = key === undefined ? random() * 100 : (createHash("sha256").update(key).digest().readUInt32BE() / 2 ** 32) * 100;
  // The newest first: whoever has it keeps it when its percentage grows.
  const versions = worker.live.map(({ version_id, percentage }) => ({ version: worker.version(version_id), percentage }));
  versions.sort((a, b) => b.version.number - a.version.number);
  let sum = 0;
  return versions.find(({ percentage }) => place < (sum += percentage))?.version ?? versions.at(-1)?.version;
}

/** Whom an address leads to: a Worker, and the version where the host name says which; or why to none. */
export function target(account, url) {
  const host = url.hostname;
  const below = `.${account.subdomain}${DEV}`;
  if (host.endsWith(below)) return onSubdomain(account, host.slice(0, -below.length));
  const custom = account.zones.find(({ hostnames }) => hostnames.some(({ hostname }) => hostname === host));
  if (custom && custom.hostnames.find(({ hostname }) => hostname === host).status !== "active") return { why: "the custom hostname is not active", status: 409, code: 1001 };
  const zone = custom ?? account.zoneOf(host);
  if (!zone) return { why: "no zone has this host name", status: 409, code: 1001 };
  const domain = account.domains.find(({ hostname, enabled }) => enabled && hostname === host);
  if (!custom && !domain && !zone.isProxied(host)) return { why: "there is no proxied record", status: 530, code: 1016 };
  // A route is asked before a custom domain.
  const route = zone.routeFor(url);
  const name = route ? route.script : domain?.service;
  if (name === undefined) return { why: "no route matches, and there is no origin", status: 522, code: 522 };
  const worker = account.workers.get(name);
  return worker ? { worker } : { why: "the Worker of the route does not exist", status: 500, code: 1101 };
}

function onSubdomain(account, label) {
  const nothing = (why) => ({ why, status: 404, code: 1042 });
  const own = account.workers.get(label);
  if (own) return own.subdomain.enabled ? { worker: own } : nothing("the Worker is not on workers.dev");
  const [, prefix, name] = /^([0-9a-f]{8})-(.+)$/.exec(label) ?? [];
  const worker = account.workers.get(name);
  if (!worker) return nothing("there is no such Worker");
  if (!worker.subdomain.previews_enabled) return nothing("previews are not enabled");
  const version = worker.versions.find(({ id }) => id.startsWith(prefix));
  return version ? { worker, version } : nothing("there is no such version");
}

/** Answers visitors by the header Host. @returns `{port, stop}` */
export async function startEdge({ account, runtime }, port) {
  function led(request) {
    // Whoever cannot say what host it asks, a Worker's `fetch` among them, says it so.
    const host = (request.headers["x-visited-host"] ?? request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    const url = new URL(`https://${host || "none.invalid"}${request.url}`);
    const found = target(account, url);
    if (!found.worker) return found;
    const version = found.version ?? versionFor(found.worker, request.headers, account.random);
    const headers = { ...request.headers, host, ...PLAIN, "mf-original-url": url.href, "cf-connecting-ip": request.socket.remoteAddress?.replace(/^::ffff:/, "") };
    return { ...found, version, headers };
  }

  /** A request as Miniflare sends those for a remote dispatch namespace: which Worker, what address, and the headers with a prefix. */
  function dispatched(request) {
    const { name } = JSON.parse(request.headers["mf-dispatch-namespace-options"]);
    const worker = account.namespaces.get(decodeURIComponent(request.url.slice(1)))?.workers.get(name);
    const url = new URL(request.headers["mf-url"]);
    const prefixed = Object.entries(request.headers).filter(([header]) => header.startsWith("mf-header-"));
    // What a visitor takes stands in `request.cf`, which Miniflare does not send.
    const plain = { ...PLAIN, "accept-encoding": "identity" };
    const headers = { ...Object.fromEntries(prefixed.map(([header, value]) => [header.slice("mf-header-".length), value])), host: url.host, ...plain, "mf-original-url": url.href };
    if (request.headers["content-length"]) headers["content-length"] = request.headers["content-length"];
    request.url = url.pathname + url.search;
    return { worker, version: worker?.version(worker.live[0]?.version_id), headers };
  }

  // A client that keeps its connections must not lose one as it sends: none is closed for being idle.
  const server = http.createServer({ keepAliveTimeout: 0 }, async (request, answer) => {
    const found = request.headers["mf-dispatch-namespace-options"] ? dispatched(request) : led(request);
    // By this it knows that it is no page of a proxy's.
    if (request.headers["mf-binding"]) {
      // Whoever asks for a Worker that is not there gets an exception, and no answer.
      if (!found.version) return answer.destroy();
      answer.setHeader(FORWARDED, "1");
    }
    if (!found.version) return failed(answer, found);
    try {
      await runtime.use(found.worker, found.version, ({ port: to }) => passed(request, answer, to, found.headers));
    } catch (error) {
      failed(answer, { why: error.code ?? "the Worker cannot be run", status: 500, code: 1101 });
    }
    return undefined;
  });
  server.on("upgrade", (request, socket, head) => {
    const found = led(request);
    socket.on("error", () => socket.destroy());
    if (!found.version) return socket.end(`HTTP/1.1 ${found.status} \r\nconnection: close\r\n\r\n`);
    return runtime.use(found.worker, found.version, ({ port: to }) => tunnelled(request, socket, head, to, found.headers)).catch(() => socket.destroy());
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function failed(answer, { status, code, why }) {
  if (answer.headersSent) return answer.destroy();
  answer.writeHead(status, { "content-type": "text/plain; charset=UTF-8", "x-double": why });
  return answer.end(`error code: ${code}\n`);
}

function passed(request, answer, port, headers) {
  return new Promise((resolve, reject) => {
    const call = http.request({ host: "127.0.0.1", port, method: request.method, path: request.url, headers, agent: false }, (result) => {
      answer.once("close", resolve);
      if (result.statusCode === 500) return thrown(result, answer);
      answer.writeHead(result.statusCode, result.headers);
      return result.pipe(answer);
    });
    call.once("error", reject);
    answer.once("close", () => call.destroy());
    request.pipe(call);
  });
}

/** What a Worker threw comes as its stack with that of Miniflare behind it, which is nothing for visitors. */
async function thrown(result, answer) {
  const chunks = [];
  for await (const chunk of result) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (body.includes("/miniflare/dist/src/workers/core/entry.worker.js")) return failed(answer, { status: 500, code: 1101, why: "the Worker threw an error" });
  answer.writeHead(500, result.headers);
  return answer.end(body);
}

function tunnelled(request, socket, head, port, headers) {
  return new Promise((resolve, reject) => {
    const to = net.connect(port, "127.0.0.1", () => {
      const lines = Object.entries(headers).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
      to.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      to.write(head);
      socket.pipe(to).pipe(socket);
    });
    to.once("error", reject);
    to.once("close", () => {
      socket.destroy();
      resolve();
    });
    socket.once("close", () => to.destroy());
  });
}
