// The double of the Cloudflare API: what was recorded of Cloudflare's own clients, what visitors get of what was uploaded, and what goes wrong.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startCloudflare } from "../../xtask/local/cloudflare.mjs";
import { blake3 } from "../../xtask/local/cloudflare/blake3.mjs";
import { overrideFor, versionFor } from "../../xtask/local/cloudflare/edge.mjs";
import { matches, parsedPattern } from "../../xtask/local/cloudflare/zone.mjs";
import { ACCOUNT, Api, TOKEN, ZONE, form, says, upgraded, upload } from "../support/cloudflare.mjs";

const RECORDED = fs.readFileSync(path.join(import.meta.dirname, "../cloudflare/requests.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
const OPTIONS = { accountId: ACCOUNT, zones: [{ name: "example.com", id: ZONE }], tokens: [{ token: TOKEN, name: "api-token" }] };
const SECRET = "a-text-that-nobody-reads";

// The recording has one of the two requests that files were sent with; these are those of the other.
const LEFT_OUT = [["17453d0cfb9bacc76d9f30d3cb9ca048", "text/html; charset=utf-8", "PGgxPmhpPC9oMT4K"], ["dd02a71c7985e6e49cb2bd51bf23ff52", "image/png", "iVBORw0K"]]
  .map(([name, type, content]) => ({ name, filename: name, type, content }));

async function started(options = {}) {
  const double = await startCloudflare({ ...OPTIONS, ...options });
  return { double, api: new Api(double) };
}

describe("what was recorded of Cloudflare's clients", () => {
  let double;
  let api;

  before(async () => ({ double, api } = await started()));
  after(() => double?.stop());

  /** What is made comes before it is used, and what takes away comes last: the Worker itself at the end. */
  const order = ({ scenario }) => {
    if (/^(09|10|14)-/.test(scenario)) return 0;
    if (/^08-/.test(scenario)) return 3;
    return /^sdk-(?!script).*-delete$/.test(scenario) ? 2 : scenario === "sdk-script-delete" ? 4 : 1;
  };
  /** Refused as it would be there: what it is about is not there, or is there already. */
  const refused = {
    "01-deploy-new GET services/my-worker": 10090, "01-deploy-new GET secrets": 10007, "01-deploy-new GET deployments": 10007,
    // The recorded client was told of no migration: what it uploads next names one that there is.
    "02-deploy-existing PUT scripts/my-worker": 10079, "19-deploy-route-flag PUT scripts/my-worker": 10079,
    "01-deploy-new GET settings": 10007, "02-deploy-existing POST consumers": 11004, "19-deploy-route-flag POST consumers": 11004,
    "16-dispatch-upload GET scripts/app-123": 10092, "16-dispatch-upload GET secrets": 10007, "16-dispatch-upload GET settings": 10007,
    "18-assets-dispatch-deploy GET scripts/my-worker": 10092, "sdk-dispatch-namespace-create POST namespaces": 100118,
    // Its host has had a record since the request before.
    "sdk-domain-put PUT domains": 100117,
    "sdk-r2-bucket-create POST buckets": 10004, "sdk-script-delete DELETE scripts/my-worker": 10007,
  };
  const module = "export class Room {}\nexport default { fetch: () => new Response('recorded') };";

  /** Its ids are those of another account. */
  async function ids() {
    const { queues, zones } = double.account;
    const version = double.account.workers.get("my-worker")?.latest?.id;
    const queue = queues[0]?.queue_id;
    const known = { "11111111-2222-3333-4444-555555555555": version, q0000000000000000000000000000001: queue, "/q1/": queue && `/${queue}/` };
    return { ...known, "/dom1": `/${double.account.domains[0]?.id}`, "/r1": `/${zones[0].routes[0]?.id}` };
  }

  async function replayed(one, jwts) {
    const known = Object.entries(await ids()).filter(([, id]) => id);
    const meant = (text) => known.reduce((whole, [theirs, ours]) => whole.replaceAll(theirs, ours), text);
    const query = new URLSearchParams(one.query).toString();
    const target = `${meant(one.path).replace("/client/v4", "")}${query && `?${query}`}`;
    const headers = Object.fromEntries(Object.entries(one.headers).filter(([name]) => name === "content-type"));
    const isSession = one.headers.authorization === "<Bearer upload-session-jwt>";
    const options = { headers, token: isSession ? jwts.session : TOKEN };
    if (one.json !== undefined) options.body = meant(JSON.stringify(one.json));
    if (one.body_text !== undefined) options.body = one.body_text;
    else if (one.body_bytes !== undefined) options.body = "addEventListener('fetch', (event) => event.respondWith(new Response('old')));";
    if (one.multipart) {
      Object.assign(options, form(one.multipart.map(({ name, filename, content_type, json, text }) => ({
        name, filename, type: content_type,
        content: name === "metadata" ? JSON.stringify(json).replace("COMPLETION.JWT.PLACEHOLDER", jwts.completion ?? "") : isSession ? text : module,
      }))));
    }
    return api.ask(one.method, target, options);
  }

  test("is answered, each in its turn", { timeout: 60_000 }, async () => {
    await api.deploy("auth-worker", says("auth"));
    const jwts = {};
    const strange = [];
    const sent = [];
    for (const one of [...RECORDED].sort((a, b) => order(a) - order(b))) {
      const isFiles = one.headers.authorization === "<Bearer upload-session-jwt>";
      // Files that are there already are not asked for again: then there is no session.
      if (isFiles && jwts.session === undefined) continue;
      let answer = await replayed(one, jwts);
      if (isFiles) {
        assert.equal(answer.status, 202);
        answer = await api.ask("POST", "/workers/assets/upload?base64=true", { token: jwts.session, ...form(LEFT_OUT) });
        assert.equal(answer.status, 201);
        Object.assign(jwts, { session: undefined, completion: answer.result.jwt });
        sent.push(one.scenario);
      } else if (one.path.endsWith("assets-upload-session") && Object.keys(one.json.manifest).length > 1) {
        jwts[answer.result.buckets.length > 0 ? "session" : "completion"] = answer.result.jwt;
      }
      const name = `${one.scenario} ${one.method} ${one.path.split("/").slice(/scripts|services/.test(one.path.split("/").at(-2)) ? -2 : -1).join("/")}`;
      if ((answer.status < 300 ? undefined : answer.code) !== refused[name]) strange.push(`${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    assert.deepEqual(strange, []);
    assert.deepEqual(sent, ["07-versions-upload"]);
  });
});

describe("a Worker", () => {
  let double;
  let api;

  before(async () => ({ double, api } = await started()));
  after(() => double?.stop());

  const host = "shop.operator.workers.dev";
  const shop = (text) => `import words from "./words.txt"; import bytes from "./three.bin";
export default { async fetch(request, env) {
  const found = await env.FILES?.get(new URL(request.url).pathname.slice(1));
  return Response.json({ says: ${JSON.stringify(text)}, url: request.url, words, bytes: bytes.byteLength, key: env.KEY ?? null, other: env.OTHER ?? null, mode: env.MODE, setup: env.SETUP,
    file: found ? [await found.text(), found.httpMetadata.contentType] : null });
} };`;
  const content = {
    bindings: [{ name: "FILES", type: "r2_bucket", bucket_name: "shop-files" }, { name: "MODE", type: "plain_text", text: "live" }, { name: "SETUP", type: "json", json: { a: [1] } }],
    modules: [["words.txt", "text/plain", "some words"], ["three.bin", "application/octet-stream", Buffer.from([1, 2, 3])]],
  };
  const seen = async (target = host, path = "/", headers = {}) => (await api.visit(target, path, { headers })).json();

  test("is deployed, versioned, made live, brought back and taken away, and visitors see it", { timeout: 60_000 }, async () => {
    assert.equal((await api.ask("PUT", "/workers/scripts/shop", upload(shop("first"), content))).code, 10085);
    await api.must("POST", "/r2/buckets", { json: { name: "shop-files" } });
    await api.must("PUT", "/r2/buckets/shop-files/objects/a%20b/c.txt", { body: "from the API", headers: { "content-type": "text/x-shop" } });
    const first = await api.deploy("shop", shop("first"), content);
    assert.match(first.deployment_id, /^[0-9a-f]{32}$/);
    assert.equal((await api.visit(host)).status, 404);
    await api.must("POST", "/workers/scripts/shop/subdomain", { json: { enabled: true, previews_enabled: true } });
    const expected = { says: "first", url: `https://${host}/a b/c.txt`.replaceAll(" ", "%20"), words: "some words", bytes: 3, key: null, other: null, mode: "live", setup: { a: [1] }, file: null };
    assert.deepEqual(await seen(host, "/a%20b/c.txt"), expected);
    assert.deepEqual((await seen(host, "/x")).file, null);
    await api.must("PUT", "/r2/buckets/shop-files/objects/plain.txt", { body: "bytes", headers: { "content-type": "text/x-shop" } });
    assert.deepEqual((await seen(host, "/plain.txt")).file, ["bytes", "text/x-shop"]);

    await api.must("PUT", "/workers/scripts/shop/secrets", { json: { name: "KEY", text: SECRET, type: "secret_text" } });
    assert.equal((await seen()).key, SECRET);
    const second = await api.must("POST", "/workers/scripts/shop/versions", upload(shop("second"), content));
    assert.deepEqual([second.number, (await seen()).says, (await seen(`${second.id.slice(0, 8)}-${host}`)).says], [3, "first", "second"]);
    // Until it is live everywhere, secrets are those of the version before.
    assert.equal((await api.ask("PUT", "/workers/scripts/shop/secrets", { json: { name: "OTHER", text: "x", type: "secret_text" } })).code, 10215);
    const deploy = (versions) => api.must("POST", "/workers/scripts/shop/deployments", { json: { strategy: "percentage", versions: versions.map(([version_id, percentage]) => ({ version_id, percentage })) } });
    const { versions: [{ version_id: before }] } = (await api.must("GET", "/workers/scripts/shop/deployments")).deployments[0];
    await deploy([[second.id, 100]]);
    assert.deepEqual([(await seen()).says, (await seen()).key], ["second", SECRET]);
    await api.must("PATCH", "/workers/scripts/shop/secrets-bulk", {
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ secrets: { OTHER: { name: "OTHER", text: "told", type: "secret_text" }, KEY: null } }),
    });
    assert.deepEqual([(await seen()).key, (await seen()).other], [null, "told"]);
    await deploy([[before, 100]]);
    assert.deepEqual([(await seen()).says, (await seen()).key, (await seen()).other], ["first", SECRET, null]);
    assert.deepEqual((await api.must("GET", "/workers/scripts/shop/deployments")).deployments[0].versions, [{ version_id: before, percentage: 100 }]);
    assert.equal((await api.ask("POST", "/workers/scripts/shop/deployments", { json: { strategy: "percentage", versions: [{ version_id: before, percentage: 90 }] } })).status, 400);

    await api.must("PUT", "/workers/domains", { json: { hostname: "shop.example.com", service: "shop", zone_id: ZONE, environment: "production" } });
    assert.equal((await seen("shop.example.com")).says, "first");
    await api.must("DELETE", "/workers/scripts/shop?force=true");
    assert.equal((await api.visit(host)).status, 404);
    const state = await api.control("state");
    assert.deepEqual([state.orphans.domains, state.scripts, state.buckets], [["shop.example.com"], {}, { "shop-files": ["a b/c.txt", "plain.txt"] }]);
    const [domain] = await api.must("GET", "/workers/domains?hostname=shop.example.com");
    await api.must("DELETE", `/workers/domains/${domain.id}`);
    assert.deepEqual((await api.control("state")).orphans, { routes: [], domains: [], certificates: ["shop.example.com"], consumers: [], aliases: [] });
    const [pack] = await api.must("GET", `/zones/${ZONE}/ssl/certificate_packs`);
    assert.deepEqual([pack.id, pack.hosts], [domain.cert_id, ["shop.example.com"]]);
    await api.must("DELETE", `/zones/${ZONE}/ssl/certificate_packs/${pack.id}`);
    assert.deepEqual((await api.control("state")).orphans.certificates, []);
  });

  test("answers a part of its visitors in a new version", { timeout: 60_000 }, async () => {
    const names = "versioned.operator.workers.dev";
    await api.deploy("versioned", says("old"));
    await api.must("POST", "/workers/scripts/versioned/subdomain", { json: { enabled: true, previews_enabled: false } });
    const { id } = await api.must("POST", "/workers/scripts/versioned/versions", upload(says("new")));
    assert.equal((await api.visit(`${id.slice(0, 8)}-${names}`)).status, 404);
    const { deployments: [{ versions: [{ version_id: old }] }] } = await api.must("GET", "/workers/scripts/versioned/deployments");
    await api.must("POST", "/workers/scripts/versioned/deployments", { json: { strategy: "percentage", versions: [{ version_id: id, percentage: 10 }, { version_id: old, percentage: 90 }] } });
    const answers = await Promise.all(Array.from({ length: 200 }, async () => (await api.visit(names)).text));
    const share = answers.filter((text) => text === "new").length;
    assert.ok(share > 2 && share < 50, `${share} of 200`);
    const override = { "cloudflare-workers-version-overrides": `versioned="${id}"` };
    assert.equal((await api.visit(names, "/", { headers: override })).text, "new");
    const key = { "cloudflare-workers-version-key": "somebody" };
    const same = await Promise.all(Array.from({ length: 10 }, async () => (await api.visit(names, "/", { headers: key })).text));
    assert.equal(new Set(same).size, 1);
  });

  test("is there for everybody while others are deployed, however many there are", { timeout: 60_000 }, async () => {
    await api.deploy("busy", says("0"));
    await api.must("POST", "/workers/scripts/busy/subdomain", { json: { enabled: true } });
    const heard = [];
    let isOver = false;
    const visitors = Array.from({ length: 3 }, async () => {
      while (!isOver) heard.push(await api.visit("busy.operator.workers.dev"));
    });
    for (let at = 1; at <= 3; at += 1) {
      await api.deploy("busy", says(String(at)));
      for (const beside of ["a", "b", "c"]) await api.deploy(`beside-${beside}`, says(beside));
    }
    isOver = true;
    await Promise.all(visitors);
    assert.deepEqual(heard.filter(({ status }) => status !== 200).map(({ status, headers }) => [status, headers["x-double"]]), []);
    assert.deepEqual([...new Set(heard.map(({ text }) => text))], ["0", "1", "2", "3"]);
  });

  test("that cannot start is refused, and what is live stays", { timeout: 30_000 }, async () => {
    await api.deploy("steady", says("here"));
    await api.must("POST", "/workers/scripts/steady/subdomain", { json: { enabled: true } });
    for (const [text, says] of [["throw new Error('no')", /Uncaught Error: no/], ["export default {", /SyntaxError/], ["import './nothing.js'; export default {}", /No such module/]]) {
      const answer = await api.ask("PUT", "/workers/scripts/steady", upload(text));
      assert.deepEqual([answer.status, answer.code], [400, 10021]);
      assert.match(answer.errors[0].message, says);
    }
    assert.equal((await api.visit("steady.operator.workers.dev")).text, "here");
    assert.equal((await api.must("GET", "/workers/scripts/steady/versions")).items.length, 1);
    await api.deploy("steady", "export default { fetch() { throw new Error('at the visitor') } };");
    const failed = await api.visit("steady.operator.workers.dev");
    assert.deepEqual([failed.status, failed.text], [500, "error code: 1101\n"]);
  });

  test("asks another one, those of a dispatch namespace, and keeps a WebSocket open", { timeout: 30_000 }, async () => {
    await api.deploy("inner", "export default { async fetch(request) { return new Response(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`) } };");
    await api.must("POST", "/workers/dispatch/namespaces", { json: { name: "tenants" } });
    await api.must("PUT", "/workers/dispatch/namespaces/tenants/scripts/one", upload("export default { fetch: (request, env) => new Response(`one ${env.KEY} ${request.headers.get('x-asked')}`) };"));
    await api.must("PUT", "/workers/dispatch/namespaces/tenants/scripts/one/secrets", { json: { name: "KEY", text: "k", type: "secret_text" } });
    assert.deepEqual(await api.must("PUT", "/workers/dispatch/namespaces/tenants/scripts/one/tags", { json: ["a"] }), ["a"]);
    await api.deploy("outer", `export default { async fetch(request, env) {
      if (request.headers.get("upgrade") === "websocket") { const [client, server] = Object.values(new WebSocketPair()); server.accept(); return new Response(null, { status: 101, webSocket: client }); }
      const name = new URL(request.url).pathname.slice(1);
      if (name === "inner") return env.INNER.fetch("https://x/path", { method: "POST", body: "said" });
      try { return await env.TENANTS.get(name).fetch(request); } catch (error) { return new Response(error.message, { status: 404 }); }
    } };`, { bindings: [{ name: "INNER", type: "service", service: "inner" }, { name: "TENANTS", type: "dispatch_namespace", namespace: "tenants" }] });
    await api.must("POST", "/workers/scripts/outer/subdomain", { json: { enabled: true } });
    const outer = "outer.operator.workers.dev";
    assert.equal((await api.visit(outer, "/inner")).text, "POST /path said");
    assert.equal((await api.ask("DELETE", "/workers/scripts/inner")).code, 10064);
    assert.equal((await api.visit(outer, "/one", { headers: { "x-asked": "yes" } })).text, "one k yes");
    const gone = await api.visit(outer, "/two");
    assert.deepEqual([gone.status, gone.text], [404, "Worker not found."]);
    assert.equal(await upgraded(Number(new URL(double.edgeUrl).port), outer, "/socket"), 101);
  });
});

describe("a bucket", () => {
  test("is the same over the API and for a Worker", { timeout: 30_000 }, async () => {
    const { double, api } = await started();
    try {
      await api.must("POST", "/r2/buckets", { json: { name: "things" } });
      assert.equal((await api.ask("POST", "/r2/buckets", { json: { name: "things" } })).code, 10004);
      assert.equal((await api.ask("POST", "/r2/buckets", { json: { name: "No" } })).code, 10005);
      const objects = "/r2/buckets/things/objects";
      for (const key of ["a", "b", "d/1", "d/2", "e"]) await api.must("PUT", `${objects}/${key}`, { body: `of ${key}`, headers: { "content-type": "text/plain" } });
      const keys = [];
      let cursor = "";
      for (let page = 0; page < 5; page += 1) {
        const answer = await api.ask("GET", `${objects}?per_page=2${cursor && `&cursor=${cursor}`}`);
        keys.push(answer.result.map(({ key }) => key));
        if (!answer.result_info.is_truncated) break;
        ({ cursor } = answer.result_info);
      }
      assert.deepEqual(keys, [["a", "b"], ["d/1", "d/2"], ["e"]]);
      const grouped = await api.ask("GET", `${objects}?delimiter=/`);
      assert.deepEqual([grouped.result.map(({ key }) => key), grouped.result_info.delimited], [["a", "b", "e"], ["d/"]]);
      assert.equal((await api.ask("GET", `${objects}/d/1`)).text, "of d/1");
      const head = await api.ask("HEAD", `${objects}/d/1`);
      assert.deepEqual([head.status, head.headers.get("content-type"), head.headers.get("content-length")], [200, "text/plain", "6"]);
      assert.deepEqual([(await api.ask("GET", `${objects}/none`)).status, (await api.ask("GET", `${objects}/none`)).code], [404, 10007]);
      await api.deploy("reader", `export default { async fetch(request, env) {
        const put = await env.THINGS.put("made", "by a Worker", { httpMetadata: { contentType: "text/made" }, customMetadata: { who: "me" }, sha256: await crypto.subtle.digest("SHA-256", new TextEncoder().encode("by a Worker")) });
        const refused = await env.THINGS.put("made", "again", { onlyIf: { etagDoesNotMatch: "*" } });
        const part = await env.THINGS.get("made", { range: { offset: 3, length: 1 } });
        const tail = await env.THINGS.get("made", { range: new Headers({ range: "bytes=-6" }) });
        const unchanged = await env.THINGS.get("made", { onlyIf: { etagDoesNotMatch: put.etag } });
        const listed = await env.THINGS.list({ prefix: "d/", limit: 1 });
        const rest = await env.THINGS.list({ prefix: "d/", cursor: listed.cursor });
        const head = await env.THINGS.head("made");
        await env.THINGS.delete(["a", "b"]);
        return Response.json([refused, await part.text(), part.range, await tail.text(), "body" in unchanged, listed.objects.map((o) => o.key), listed.truncated, rest.objects.map((o) => o.key), head.customMetadata, head.size, await env.THINGS.get("a")]);
      } };`, { bindings: [{ name: "THINGS", type: "r2_bucket", bucket_name: "things" }] });
      await api.must("POST", "/workers/scripts/reader/subdomain", { json: { enabled: true } });
      const told = (await api.visit("reader.operator.workers.dev")).json();
      assert.deepEqual(told, [null, "a", { offset: 3, length: 1 }, "Worker", false, ["d/1"], true, ["d/2"], { who: "me" }, 11, null]);
      assert.equal((await api.ask("GET", `${objects}/made`)).headers.get("content-type"), "text/made");
      assert.equal((await api.ask("DELETE", "/r2/buckets/things")).code, 10008);
      for (const key of ["d/1", "d/2", "e", "made"]) await api.must("DELETE", `${objects}/${key}`);
      await api.must("DELETE", "/r2/buckets/things");
      assert.equal((await api.ask("GET", "/r2/buckets/things")).code, 10006);
    } finally {
      await double.stop();
    }
  });
});

describe("a zone", () => {
  let double;
  let api;

  before(async () => {
    ({ double, api } = await started({ zones: [{ name: "example.com", id: ZONE, records: [] }] }));
    await api.deploy("front", "export default { fetch: (request) => new Response(`front ${request.url}`) };");
    await api.deploy("pictures", says("pictures"));
  });
  after(() => double?.stop());

  test("leads visitors by its routes, where there is a record", { timeout: 30_000 }, async () => {
    const zone = `/zones/${ZONE}`;
    const route = await api.must("POST", `${zone}/workers/routes`, { json: { pattern: "app.example.com/*", script: "front" } });
    assert.equal((await api.visit("app.example.com")).status, 530);
    const record = await api.must("POST", `${zone}/dns_records`, { json: { type: "CNAME", name: "app", content: "front.operator.workers.dev", proxied: true, ttl: 1 } });
    assert.deepEqual([record.name, (await api.ask("POST", `${zone}/dns_records`, { json: { type: "A", name: "app", content: "192.0.2.1" } })).code], ["app.example.com", 81053]);
    assert.equal((await api.visit("app.example.com", "/x?y=1")).text, "front https://app.example.com/x?y=1");
    await api.must("POST", `${zone}/workers/routes`, { json: { pattern: "app.example.com/pictures/*", script: "pictures" } });
    assert.equal((await api.visit("app.example.com", "/pictures/a.png")).text, "pictures");
    assert.equal((await api.ask("POST", `${zone}/workers/routes`, { json: { pattern: "app.example.com/*", script: "front" } })).code, 10020);
    assert.equal((await api.ask("POST", `${zone}/workers/routes`, { json: { pattern: "app.example.com/*.png", script: "front" } })).status, 400);
    assert.equal((await api.must("GET", `${zone}/workers/routes`)).length, 2);
    await api.must("DELETE", `${zone}/workers/routes/${route.id}`);
    assert.equal((await api.visit("app.example.com", "/")).status, 522);
    await api.must("PATCH", `${zone}/dns_records/${record.id}`, { json: { proxied: false } });
    assert.equal((await api.visit("app.example.com", "/pictures/")).status, 530);
    await api.must("DELETE", `${zone}/dns_records/${record.id}`);
    assert.deepEqual(await api.must("GET", "/zones?name=example.com").then((zones) => zones.map(({ name }) => name)), ["example.com"]);
  });

  test("takes on host names of customers", { timeout: 30_000 }, async () => {
    const path = `/zones/${ZONE}/custom_hostnames`;
    const made = await api.must("POST", path, { json: { hostname: "shop.customer.com", ssl: { method: "http", type: "dv" } } });
    assert.deepEqual([made.status, made.ssl.status, made.ownership_verification.type], ["pending", "initializing", "txt"]);
    assert.equal((await api.ask("POST", path, { json: { hostname: "shop.customer.com", ssl: { method: "http", type: "dv" } } })).code, 1406);
    assert.equal((await api.must("GET", `${path}/${made.id}`)).ssl.status, "pending_validation");
    assert.equal((await api.visit("shop.customer.com")).status, 409);
    await api.must("GET", `${path}/${made.id}`);
    assert.equal((await api.must("GET", `${path}/${made.id}`)).ssl.status, "active");
    await api.must("POST", `/zones/${ZONE}/workers/routes`, { json: { pattern: "*/*", script: "front" } });
    assert.equal((await api.visit("shop.customer.com", "/a")).text, "front https://shop.customer.com/a");
    const refused = await Promise.all(["a.customer.test", "a.example.com", "no host", 1].map(async (hostname) => (await api.ask("POST", path, { json: { hostname } })).code));
    assert.deepEqual(refused, [1409, 1411, 1407, 1400]);
    const other = await api.must("POST", path, { json: { hostname: "b.customer.com" } });
    await api.control("hostname", { hostname: "b.customer.com" });
    assert.equal((await api.visit("b.customer.com")).status, 200);
    await api.must("DELETE", `${path}/${other.id}`);
    assert.equal((await api.visit("b.customer.com")).status, 409);
  });

  test("forgets what it has cached, and it is known what", async () => {
    const path = `/zones/${ZONE}/purge_cache`;
    await api.must("POST", path, { json: { files: ["https://app.example.com/a"] } });
    assert.equal((await api.ask("POST", path, { json: { files: Array(101).fill("https://app.example.com/") } })).status, 400);
    assert.equal((await api.control("state")).purged_everything, false);
    await api.must("POST", path, { json: { purge_everything: true } });
    const { zones: [{ purged }], purged_everything } = await api.control("state");
    assert.deepEqual([purged, purged_everything], [[{ files: "https://app.example.com/a" }, { everything: true }], true]);
  });

  test("matches patterns as it is documented", () => {
    const rows = [
      ["example.com/*", "https://example.com/a?b", true], ["example.com/*", "https://www.example.com/", false],
      ["*.example.com/*", "https://www.example.com/", true], ["*.example.com/*", "https://example.com/", false],
      ["*example.com/*", "https://myexample.com/", true], ["http://example.com/*", "https://example.com/", false],
      ["example.com/a", "https://example.com/a", true], ["example.com/a", "https://example.com/a?x", false],
      ["example.com/images*", "https://example.com/images/1", true], ["*/*", "https://any.thing/x", true],
    ];
    assert.deepEqual(rows.filter(([pattern, url, is]) => matches(parsedPattern(pattern), new URL(url)) !== is), []);
    assert.equal(parsedPattern("example.com/*.jpg"), undefined);
  });
});

describe("what is refused", () => {
  let double;
  let api;

  before(async () => ({ double, api } = await started()));
  after(() => double?.stop());

  test("is what a token may not do", { timeout: 30_000 }, async () => {
    await api.control("token", { token: "reader", permissions: ["Workers Scripts: Read", "DNS: Edit"] });
    await api.control("token", { token: "expired", permissions: "*", status: "expired" });
    const asked = async (method, target, token, options) => {
      const answer = await api.ask(method, target, { token, ...options });
      return [answer.status, answer.code];
    };
    assert.deepEqual(await asked("GET", "/workers/scripts", "reader"), [200, undefined]);
    assert.deepEqual(await asked("PUT", "/workers/scripts/x", "reader", upload(says("x"))), [403, 10000]);
    assert.deepEqual(await asked("GET", "/r2/buckets", "reader"), [403, 10000]);
    assert.deepEqual(await asked("GET", `/zones/${ZONE}/dns_records`, "reader"), [200, undefined]);
    assert.deepEqual(await asked("POST", `/zones/${ZONE}/purge_cache`, "reader", { json: { files: ["https://a"] } }), [403, 9109]);
    assert.deepEqual((await api.ask("GET", "/zones", { token: "reader" })).result, []);
    assert.deepEqual(await asked("GET", "/user/tokens/verify", "expired"), [401, 1000]);
    assert.deepEqual(await asked("GET", "/workers/scripts", "nobody"), [403, 10000]);
    assert.deepEqual(await asked("GET", "/workers/scripts", "no header at all"), [400, 6003]);
    assert.deepEqual(await asked("GET", "/workers/scripts", ""), [400, 9106]);
    assert.deepEqual(await asked("GET", "/nothing/here", TOKEN), [404, 7003]);
    assert.deepEqual(await asked("GET", "/accounts/somebody-else/workers/scripts", TOKEN), [403, 10000]);
    assert.equal((await api.must("GET", "/user/tokens/verify")).status, "active");
  });

  test("is too much of everything", { timeout: 30_000 }, async () => {
    await api.deploy("kept", says("kept"));
    await api.control("limit", { scripts: 1, bytes: 500 });
    assert.equal((await api.ask("PUT", "/workers/scripts/second", upload(says("x")))).code, 10037);
    await api.control("limit", { bytes: 10 << 20 });
    const bound = (binding) => api.ask("PUT", "/workers/scripts/kept?bindings_inherit=strict", upload(says("x"), { bindings: Array.isArray(binding) ? binding : [binding] }));
    assert.equal((await bound({ name: "LONG", type: "plain_text", text: "x".repeat(5121) })).code, 10054);
    assert.equal((await bound(Array.from({ length: 129 }, (_, at) => ({ name: `V${at}`, type: "plain_text", text: "" })))).code, 10055);
    assert.equal((await bound({ type: "plain_text", text: "" })).code, 10052);
    assert.equal((await bound({ name: "NONE", type: "inherit" })).code, 10057);
    await api.control("limit", { bytes: 500 });
    const text = Array.from({ length: 200 }, (_, at) => `// ${Math.sin(at)}`).join("\n");
    assert.equal((await api.ask("PUT", "/workers/scripts/kept", upload(`${says("x")}\n${text}`))).code, 10027);
    await api.control("token", { token: "busy" });
    await api.control("limit", { requests: 3, seconds: 1 });
    for (let at = 0; at < 3; at += 1) assert.equal((await api.ask("GET", "/workers/scripts", { token: "busy" })).status, 200);
    const answer = await api.ask("GET", "/workers/scripts", { token: "busy" });
    assert.deepEqual([answer.status, answer.code, answer.headers.get("retry-after")], [429, 971, "1"]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    assert.equal((await api.ask("GET", "/workers/scripts", { token: "busy" })).status, 200);
    await api.control("limit", { requests: 1200, seconds: 300, scripts: 500, bytes: 10 << 20 });
  });

  test("is what goes wrong on purpose", { timeout: 30_000 }, async () => {
    const create = (name, options) => api.ask("POST", "/queues", { json: { queue_name: name }, ...options });
    const has = async (name) => (await api.must("GET", `/queues?name=${name}`)).length === 1;
    await api.control("fault", [{ method: "POST", path: "/queues$", nth: 2, effect: { status: 503, code: 10001, message: "later" } }]);
    assert.deepEqual([(await create("one")).status, (await create("two")).status, (await create("two")).status], [200, 503, 200]);
    await api.control("fault", { method: "POST", path: "/queues$", effect: { close: "before" } });
    await assert.rejects(create("three"));
    assert.equal(await has("three"), false);
    await api.control("fault", { method: "POST", path: "/queues$", effect: { close: "after" } });
    await assert.rejects(create("three"));
    assert.equal(await has("three"), true);
    await api.control("fault", { path: "/queues$", method: "POST", effect: { timeout: true, done: true } });
    await assert.rejects(create("four", { signal: AbortSignal.timeout(300) }));
    assert.equal(await has("four"), true);
    await api.control("fault", { path: "/queues$", method: "GET", effect: { delay: 200 } });
    const from = performance.now();
    await api.must("GET", "/queues");
    assert.ok(performance.now() - from > 190);
    assert.deepEqual((await api.control("state")).faults, []);
    await assert.rejects(api.control("fault", { effect: {} }), /the effect of a fault/);
  });

  test("is what an upload of assets has wrong", { timeout: 30_000 }, async () => {
    const text = Buffer.from("<p>hi</p>");
    const base64 = text.toString("base64");
    const hash = blake3(Buffer.from(`${base64}html`)).slice(0, 32);
    const begin = (manifest) => api.ask("POST", "/workers/scripts/pages/assets-upload-session", { json: { manifest } });
    assert.equal((await begin({ "/index.html": { hash: "short", size: 1 } })).status, 400);
    const { result: { jwt, buckets } } = await begin({ "/index.html": { hash, size: text.length } });
    assert.deepEqual(buckets, [[hash]]);
    const send = (content, token = jwt) => api.ask("POST", "/workers/assets/upload?base64=true", { token, ...form([{ name: hash, filename: hash, type: "text/html", content }]) });
    assert.equal((await send(Buffer.from("<p>no</p>").toString("base64"))).status, 400);
    assert.equal((await send(base64, TOKEN)).status, 403);
    const whole = await send(base64);
    assert.equal(whole.status, 201);
    assert.deepEqual((await begin({ "/index.html": { hash, size: text.length } })).result.buckets, []);
    assert.equal((await api.ask("PUT", "/workers/scripts/pages", form([{ name: "metadata", content: JSON.stringify({ assets: { jwt: "x.y.z" } }) }]))).status, 400);
    await api.must("PUT", "/workers/scripts/pages", form([{ name: "metadata", content: JSON.stringify({ compatibility_date: "2025-09-01", assets: { jwt: whole.result.jwt } }) }]));
    await api.must("POST", "/workers/scripts/pages/subdomain", { json: { enabled: true } });
    const page = await api.visit("pages.operator.workers.dev", "/");
    assert.deepEqual([page.status, page.text, page.headers["content-type"]], [200, "<p>hi</p>", "text/html; charset=utf-8"]);
  });
});

describe("a list", () => {
  test("comes in pages", async () => {
    const { double, api } = await started();
    try {
      for (let at = 1; at <= 5; at += 1) await api.must("POST", "/queues", { json: { queue_name: `queue-${at}` } });
      const pages = [];
      for (let page = 1; ; page += 1) {
        const { result, result_info } = await api.ask("GET", `/queues?page=${page}&per_page=2`);
        pages.push(result.map(({ queue_name }) => queue_name));
        assert.deepEqual([result_info.page, result_info.total_count, result_info.total_pages], [page, 5, 3]);
        if (page === result_info.total_pages) break;
      }
      assert.deepEqual(pages, [["queue-1", "queue-2"], ["queue-3", "queue-4"], ["queue-5"]]);
    } finally {
      await double.stop();
    }
  });
});

describe("what is told of it all", () => {
  test("has every request in the shape of the recordings, and neither a token nor a secret", { timeout: 30_000 }, async () => {
    const { double, api } = await started();
    try {
      await api.deploy("told", says("told"), { bindings: [{ name: "INSIDE", type: "secret_text", text: SECRET }] });
      await api.must("PUT", "/workers/scripts/told/secrets", { json: { name: "KEY", text: SECRET, type: "secret_text" } });
      await api.must("PATCH", "/workers/scripts/told/secrets-bulk", { json: { secrets: { A: { name: "A", text: SECRET, type: "secret_text" } } } });
      await api.must("GET", "/queues?name=a&name=b&page=1");
      const requests = await api.control("requests");
      assert.deepEqual(requests.map(({ method, path: asked }) => [method, asked.split("/").at(-1)]), [["PUT", "told"], ["PUT", "secrets"], ["PATCH", "secrets-bulk"], ["GET", "queues"]]);
      assert.deepEqual(requests[0].multipart.map(({ name, content_type }) => [name, content_type]), [["metadata", undefined], ["index.js", "application/javascript+module"]]);
      assert.equal(requests[0].multipart[0].json.main_module, "index.js");
      assert.deepEqual([requests[0].headers.authorization, requests[1].json, requests[3].query], ["<Bearer api-token>", { name: "KEY", text: "<secret>", type: "secret_text" }, { name: ["a", "b"], page: "1" }]);
      const state = await api.control("state");
      assert.deepEqual(state.scripts.told.secrets, ["INSIDE", "KEY", "A"]);
      const all = JSON.stringify([requests, state, await api.must("GET", "/workers/scripts/told/settings"), await api.must("GET", "/workers/scripts/told/versions")]);
      assert.deepEqual([all.includes(SECRET), all.includes(TOKEN)], [false, false]);
    } finally {
      await double.stop();
    }
  });
});

test("an override of the version is a dictionary of strings", () => {
  const id = "dc8dcd28-271b-4367-9840-6c244f84cb40";
  assert.deepEqual([`a="${id}"`, `b="x", a="${id}"`, `a=${id}`, `a="${id}", oops`, "", undefined].map((header) => overrideFor(header, "a")), [id, id, undefined, undefined, undefined, undefined]);
  const worker = { name: "a", live: [{ version_id: "new", percentage: 10 }, { version_id: "old", percentage: 90 }], version: (name) => ({ name, number: name === "new" ? 2 : 1 }) };
  assert.deepEqual([0.05, 0.15, 0.999].map((chance) => versionFor(worker, {}, () => chance).name), ["new", "old", "old"]);
});
