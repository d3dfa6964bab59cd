// Deployments to an account that keep the files of apps as static assets of each Worker's version, without a bucket. What is alike with one is in account.test.mjs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { App } from "../support/app.mjs";
import { BUCKET, startOnAccount } from "../support/cloudflare.mjs";
import { CONFIG, assets, deploy, live, over, watch } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const IMMUTABLE = "public, max-age=31536000, immutable";

/** Bytes that are of no pattern, and the same each time. */
function noise(seed, length) {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) => createHash("sha256").update(`${seed} ${at}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
/** By what the account knows a file. */
const known = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);

const PHOTO = noise("photo", 300_000);
const DOT = noise("dot", 77);
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>\n';
const PICTURES = [noise("first picture", 20_000), noise("second picture", 20_000)];

let account;
let api;
let stack;
let app;

const visit = (url, path = "/", options) => api.visit(new URL(url).host, path, options);
const watched = (url) => watch(() => visit(url, "/_deployment"));
/** The hashes of the files that were sent, request by request. */
const sent = async () => (await api.control("requests")).filter(({ path }) => path.endsWith("/workers/assets/upload")).map(({ multipart }) => multipart.map(({ name }) => name));
const sessions = async () => (await api.control("requests")).filter(({ path }) => path.endsWith("/assets-upload-session"));

async function write(path, content) {
  const there = await app.fileCall("GET", path);
  await app.write(path, content, there.status === 200 ? there.headers.etag : undefined);
}

/** Where the page's picture is: its name is in a script. */
async function picture(url) {
  for (const path of assets((await visit(url)).text).filter((path) => path.endsWith(".js"))) {
    const [found] = /\/assets\/picture-[\w-]+\.png/.exec((await visit(url, path)).text) ?? [];
    if (found) return found;
  }
  return assert.fail("no script names the picture");
}

before(async () => {
  account = await startOnAccount({ CLOUDFLARE_FILES: "assets", CLOUDFLARE_BUCKET: "" });
  ({ api, stack } = account);
  app = await App.create(stack);
  await app.completed();
  await app.settled();
  const main = await app.read("src/main.tsx");
  await app.write("src/main.tsx", `import picture from "./picture.png"\n${main.text}\ndocument.documentElement.dataset.picture = picture\n`, main.etag);
  for (const [path, content] of [["src/picture.png", PICTURES[0]], ["public/photo.jpg", PHOTO], ["public/dot.gif", DOT], ["public/logo.svg", LOGO]]) await write(path, content);
  await app.settled();
});

after(async () => {
  app?.close();
  await account?.stop();
});

describe("an app whose files are static assets", () => {
  let staging;
  let production;

  test("has them all, byte for byte, with the types and headers that it has here, and nothing in a bucket", async () => {
    staging = await live(app, "staging");
    const page = await visit(staging.url, "/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200, page.text);
    const here = (path) => stack.request(path, { host: new URL(staging.url).host });
    const at = await picture(staging.url);
    for (const path of ["/", ...assets(page.text), at, "/photo.jpg", "/dot.gif", "/logo.svg"]) {
      const [there, own] = [await visit(staging.url, path), await here(path)];
      assert.equal(there.status, 200, path);
      assert.ok(there.bytes.equals(own.bytes), path);
      for (const name of ["content-type", "cache-control", "etag", "accept-ranges", "content-security-policy", "x-content-type-options"]) assert.equal(there.headers[name], own.headers[name], `${name} of ${path}`);
    }
    const told = async (path) => {
      const { bytes, headers } = await visit(staging.url, path);
      return [bytes.length, known(bytes), headers["content-type"], headers["cache-control"]];
    };
    assert.deepEqual(await told(at), [20_000, known(PICTURES[0]), "image/png", IMMUTABLE]);
    assert.deepEqual(await told("/photo.jpg"), [300_000, known(PHOTO), "image/jpeg", "no-cache"]);
    assert.deepEqual(await told("/dot.gif"), [77, known(DOT), "image/gif", "no-cache"]);
    assert.deepEqual(await told("/logo.svg"), [LOGO.length, known(Buffer.from(LOGO)), "image/svg+xml", "no-cache"]);
    const { resources } = await api.must("GET", `/workers/scripts/app-${app.id}-staging/versions/${staging.remote}`);
    assert.deepEqual(resources.bindings.filter(({ name }) => name.startsWith("FILES")).map(({ name, type }) => [name, type]), [["FILES", "assets"]]);
    assert.deepEqual((await api.control("state")).buckets[BUCKET], []);
  });

  test("is asked before they are: what is not there is a 404, and a hash is no address", async () => {
    assert.equal((await visit(staging.url, "/no/such/file.js")).status, 404);
    const hash = createHash("sha256").update(PHOTO).digest("hex");
    const bare = await visit(staging.url, `/${hash}`);
    assert.deepEqual([bare.status, bare.headers["content-type"]], [404, "text/plain; charset=utf-8"]);
    const navigation = await visit(staging.url, `/${hash}`, { headers: { accept: "text/html" } });
    assert.deepEqual([navigation.status, navigation.headers["content-type"]], [200, "text/html; charset=utf-8"]);
    assert.equal((await visit(staging.url, "/photo.jpg", { method: "POST", body: "x" })).status, 405);
  });

  test("answers with the part that is asked for", async () => {
    const part = async (range, path = "/photo.jpg", more = {}) => {
      const { status, headers, bytes } = await visit(staging.url, path, { headers: { range, ...more } });
      return { status, range: headers["content-range"], bytes };
    };
    for (const [range, first, last] of [["bytes=0-0", 0, 0], ["bytes=10-19", 10, 19], ["bytes=65530-131080", 65_530, 131_080], ["bytes=-5", 299_995, 299_999], ["bytes=299990-", 299_990, 299_999], ["bytes=0-999999", 0, 299_999]]) {
      const answer = await part(range);
      assert.deepEqual([answer.status, answer.range], [206, `bytes ${first}-${last}/300000`], range);
      assert.ok(answer.bytes.equals(PHOTO.subarray(first, last + 1)), range);
    }
    assert.deepEqual([(await part("bytes=300000-")).status, (await part("bytes=0-4,9-12")).status, (await part("bytes=0-4", "/photo.jpg", { "if-range": '"other"' })).status], [416, 200, 200]);
    const head = await visit(staging.url, "/photo.jpg", { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.bytes.length], [200, "300000", 0]);
    assert.equal((await visit(staging.url, "/photo.jpg", { headers: { "if-none-match": head.headers.etag } })).status, 304);
  });

  test("is promoted without a file being sent again", async () => {
    await api.control("reset-requests", {});
    production = await live(app, "production");
    assert.equal(production.digest, staging.digest);
    assert.deepEqual(await sent(), []);
    assert.ok((await sessions()).every(({ path }) => path.includes(`/app-${app.id}-production/`)));
    const [one, other] = [await visit(staging.url), await visit(production.url)].map((answer) => answer.text.replace(CONFIG, ""));
    assert.equal(one, other);
  });

  test("has only what is new sent, and pages that were open before find their files", async () => {
    const [page, at] = [(await visit(production.url)).text, await picture(production.url)];
    const old = new Map();
    for (const path of [...assets(page), at]) old.set(path, (await visit(production.url, path)).bytes);
    await write("src/picture.png", PICTURES[1]);
    await app.settled();
    await api.control("reset-requests", {});
    const stop = watched(production.url);
    const second = await live(app, "production");
    const uploads = (await sent()).flat();
    const now = await picture(production.url);
    assert.notEqual(now, at);
    const fresh = [...assets((await visit(production.url)).text), now].filter((path) => !old.has(path));
    const hashes = await Promise.all(fresh.map(async (path) => known((await visit(production.url, path)).bytes)));
    assert.ok(hashes.includes(known(PICTURES[1])));
    assert.deepEqual(hashes.filter((hash) => !uploads.includes(hash)), []);
    assert.deepEqual(uploads.filter((hash) => [PHOTO, DOT, PICTURES[0]].map(known).includes(hash)), [], "what was there");
    assert.equal(new Set(uploads).size, uploads.length, "each once");
    for (const [path, bytes] of old) {
      const answer = await visit(production.url, path);
      assert.deepEqual([answer.status, answer.headers["cache-control"]], [200, IMMUTABLE], path);
      assert.ok(answer.bytes.equals(bytes), path);
    }
    await api.control("reset-requests", {});
    const back = await app.api("POST", `/deployments/${production.id}/rollback`, {});
    assert.equal((await over(app, back.body.deployment)).status, "live");
    assert.deepEqual(await sent(), [], "a rollback sends nothing");
    assert.equal((await visit(production.url)).text, page);
    for (const [path, bytes] of old) assert.ok((await visit(production.url, path)).bytes.equals(bytes), path);
    assert.ok((await visit(production.url, now)).bytes.equals(PICTURES[1]), "of the page that was open meanwhile");
    const seen = await stop();
    assert.deepEqual(seen, [production.version, second.version, production.version]);
  });

  test("finds nothing of another version among its files", async () => {
    const worker = (await api.control("state")).scripts[`app-${app.id}-staging`];
    assert.ok(worker.assets.length > 0 && worker.assets.every((path) => /^\/[0-9a-f]{64}$/.test(path)), worker.assets.join(", "));
    assert.ok(!worker.assets.includes(`/${createHash("sha256").update(PICTURES[1]).digest("hex")}`));
  });
});

describe("whatever goes wrong with them", () => {
  /** Deploys something new with these files while `disturb(deploy)` sees to it that something goes wrong. */
  async function deployed(files, disturb) {
    for (const [path, content] of files) await write(path, content);
    await app.settled();
    await api.control("reset-requests", {});
    const { url } = (await app.get("/deployments")).deployments.find(({ environment }) => environment === "production");
    const stop = watched(url);
    const end = await disturb(() => deploy(app, "production"), files.map(([, content]) => known(content)));
    assert.equal(end.status, "live", JSON.stringify(end));
    const seen = await stop();
    assert.ok(seen.every((one) => typeof one === "number"), seen.join(", "));
    assert.equal(seen.at(-1), end.version);
    for (const [path, content] of files) assert.ok((await visit(url, path.replace("public", ""))).bytes.equals(content), path);
    assert.deepEqual((await api.control("state")).faults, [], "what was to go wrong went wrong");
  }

  const one = (what) => [[`public/${what.replaceAll(/\W+/g, "-")}.bin`, noise(what, 1_000)]];

  const count = async (hash) => (await sent()).filter((group) => group.includes(hash)).length;

  for (const [what, method, path, effect] of [["the session", "POST", "/assets-upload-session$", { status: 503 }], ["a group, of which nobody hears", "POST", "/assets/upload$", { close: "after" }]]) {
    test(`with ${what}, the address answers throughout, and it comes to its end`, { timeout: 120_000 }, () =>
      deployed(one(what), async (ask) => {
        await api.control("fault", { method, path, effect });
        return over(app, await ask());
      }));
  }

  test("killed at a group, it comes to its end all the same", { timeout: 120_000 }, () =>
    deployed(one("killed"), async (ask) => {
      await api.control("fault", { method: "POST", path: "/assets/upload$", effect: { delay: 700 } });
      const begun = await ask();
      await until("the upload", async () => (await sent()).length > 0);
      await stack.waitHealthy({ not: stack.killWorker() });
      return over(app, begun);
    }));

  test("a file that is refused fails the deployment, what is live stays, and the next one ends it", { timeout: 120_000 }, () =>
    deployed(one("refused"), async (ask) => {
      await api.control("fault", { method: "POST", path: "/assets/upload$", effect: { status: 400, code: 10300, message: "The file is not wanted." } });
      const end = await over(app, await ask());
      assert.deepEqual([end.status, end.error.includes("The file is not wanted")], ["failed", true], end.error);
      return over(app, await ask());
    }));

  test("a group that fails until the deployment begins anew: what is live answers, and the group before is not sent again", { timeout: 240_000 }, () =>
    // More than goes into one request.
    deployed([0, 1, 2].map((at) => [`public/${at}.bin`, noise(`large ${at}`, 3 << 20)]), async (ask, hashes) => {
      await api.control("fault", { method: "POST", path: "/assets/upload$", nth: 2, times: 5, effect: { status: 500 } });
      const end = await over(app, await ask());
      const counts = await Promise.all(hashes.map(count));
      assert.deepEqual(counts.sort(), [1, 1, 6], "sent so often");
      assert.equal((await sessions()).length, 2);
      return end;
    }));
});

describe("an app that is deleted", () => {
  test("leaves nothing on the account", async () => {
    assert.equal((await app.api("DELETE", "")).status, 204);
    await until("the account to be empty", async () => Object.keys((await api.control("state")).scripts).length === 0);
    assert.ok((await api.control("requests")).every(({ path }) => !path.includes("/objects/")), "no bucket was asked for anything");
  });

  test("no panic on the way", () => assertNoPanic(stack));
});
