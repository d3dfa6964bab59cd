// Cloudflare's own wrangler deploys a Worker to our double of its API, and its versions: what is wrong about the double, it says.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Wrangler } from "../support/wrangler.mjs";

const SECRET = "a-text-that-nobody-reads";
const HOST = "my-worker.operator.workers.dev";

const CONFIGURATION = `name = "my-worker"
main = "index.js"
compatibility_date = "2025-09-01"
workers_dev = true
preview_urls = true
routes = [{ pattern = "example.com/api/*", zone_name = "example.com" }, { pattern = "app.example.com", custom_domain = true }]
rules = [{ type = "Data", globs = ["**/*.bin"], fallthrough = true }]
[vars]
MODE = "production"
SETUP = { a = 1 }
[[r2_buckets]]
binding = "FILES"
bucket_name = "app-files"
[triggers]
crons = ["*/5 * * * *"]
`;

const module = (says) => `import words from "./words.txt";
import bytes from "./three.bin";
export default { async fetch(request, env) {
  const file = await env.FILES.get("apps/1.txt");
  return Response.json({ says: "${says}", words, bytes: bytes.byteLength, mode: env.MODE, setup: env.SETUP, file: file && await file.text(), key: env.KEY ?? null, other: env.OTHER ?? null });
} };
`;

describe("Cloudflare's wrangler", { timeout: 300_000 }, () => {
  let wrangler;
  let api;

  before(async () => {
    wrangler = await Wrangler.start();
    ({ api } = wrangler);
    wrangler.write({ "wrangler.toml": CONFIGURATION, "index.js": module("first"), "words.txt": "some words", "three.bin": "123" });
  });

  after(() => wrangler?.stop());

  const seen = async (host = HOST, headers = {}) => (await api.visit(host, "/api/x", { headers })).json();
  const versions = async () => (await api.control("state")).scripts["my-worker"].versions;

  test("deploys a Worker that reads what was stored", async () => {
    await api.must("POST", "/r2/buckets", { json: { name: "app-files" } });
    await api.must("PUT", "/r2/buckets/app-files/objects/apps/1.txt", { body: "stored" });
    await wrangler.run(["deploy"]);
    const expected = { says: "first", words: "some words", bytes: 3, mode: "production", setup: { a: 1 }, file: "stored", key: null, other: null };
    for (const host of [HOST, "example.com", "app.example.com"]) assert.deepEqual(await seen(host), expected, host);
    assert.equal((await api.control("state")).scripts["my-worker"].schedules[0], "*/5 * * * *");
  });

  test("sets secrets, one and several", async () => {
    const printed = await wrangler.run(["secret", "put", "KEY"], { input: SECRET });
    assert.deepEqual([(await seen()).key, printed.includes(SECRET)], [SECRET, false]);
    wrangler.write({ "secrets.json": JSON.stringify({ OTHER: "told", KEY: SECRET }) });
    await wrangler.run(["secret", "bulk", "secrets.json"]);
    assert.deepEqual([(await seen()).key, (await seen()).other], [SECRET, "told"]);
    assert.deepEqual((await api.control("state")).scripts["my-worker"].secrets.sort(), ["KEY", "OTHER"]);
  });

  test("uploads a version, gives it a part of the visitors, then all, and takes it back", async () => {
    wrangler.write({ "index.js": module("second") });
    const before = (await versions()).at(-1).id;
    const printed = await wrangler.run(["versions", "upload", "--message", "the second"]);
    const { id } = (await versions()).at(-1);
    const preview = `${id.slice(0, 8)}-${HOST}`;
    assert.match(printed, new RegExp(`Version Preview URL: https://${preview}`));
    assert.deepEqual([(await seen()).says, (await seen(preview)).says, (await seen(preview)).key], ["first", "second", SECRET]);
    await wrangler.run(["versions", "deploy", `${id}@10%`, `${before}@90%`, "-y"]);
    assert.deepEqual((await api.control("state")).scripts["my-worker"].deployments[0].versions.map(({ percentage }) => percentage).sort(), [10, 90]);
    assert.equal((await seen(HOST, { "cloudflare-workers-version-overrides": `my-worker="${id}"` })).says, "second");
    await wrangler.run(["versions", "deploy", `${id}@100%`, "-y"]);
    assert.equal((await seen()).says, "second");
    await wrangler.run(["rollback", before, "-y", "-m", "back"]);
    assert.equal((await seen()).says, "first");
    const listed = JSON.parse(await wrangler.run(["deployments", "list", "--json"]));
    assert.deepEqual(listed.at(-1).versions, [{ version_id: before, percentage: 100 }]);
    // A version that is newer than what is live holds up secrets: so says the API, and wrangler tells what to do.
    assert.match(await wrangler.run(["secret", "put", "KEY"], { input: SECRET, fails: true }), /versions secret put/);
    await wrangler.run(["versions", "secret", "put", "LATER"], { input: SECRET });
    assert.deepEqual((await api.control("state")).scripts["my-worker"].secrets.sort(), ["KEY", "LATER", "OTHER"]);
    assert.equal((await seen()).says, "first");
  });

  test("takes a Worker away; what led to it is left behind", async () => {
    await wrangler.run(["delete", "--force"]);
    assert.equal((await api.visit(HOST, "/")).status, 404);
    const { orphans, scripts } = await api.control("state");
    assert.deepEqual([Object.keys(scripts).sort(), orphans.routes, orphans.domains], [[], ["example.com/api/*"], ["app.example.com"]]);
    await wrangler.keeps(SECRET);
  });
});
