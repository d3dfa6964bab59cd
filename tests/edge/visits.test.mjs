// Visitors of an app: what is decided for one of them stands for the next, but not for what it does not hold for, and none of them leaves anything behind.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assets, config, live } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";

const VISITS = 4_000;
const AT_ONCE = 8;

let stack;
let app;
let url;

before(async () => {
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
  ({ url } = await live(app, "production"));
});

after(async () => {
  app?.close();
  await stack?.stop();
});

const visit = (path = "/", { headers, ...options } = {}) => stack.request(path, { host: new URL(url).host, headers: { accept: "text/html", ...headers }, ...options });

/** The same, right after another visitor has seen the page. */
async function then(path, options) {
  const page = await visit();
  assert.equal(page.status, 200);
  return visit(path, options);
}

describe("right after somebody has seen the page", () => {
  test("pages and files are those of the app", async () => {
    const [file] = assets((await visit()).text);
    const found = await then(file);
    assert.deepEqual([found.status, found.headers["cache-control"]], [200, "public, max-age=31536000, immutable"]);
    assert.equal((await then("/somewhere")).status, 200);
    assert.equal((await then("/_health")).json().status, "ok");
    const head = await then(file, { method: "HEAD" });
    assert.deepEqual([head.status, head.text, Number(head.headers["content-length"]) > 0], [200, "", true]);
    assert.equal((await then(file, { headers: { "if-none-match": found.headers.etag } })).status, 304);
    assert.equal((await then(file, { headers: { range: "bytes=0-3" } })).status, 206);
  });

  test("what is not there is not there", async () => {
    const missing = await then("/assets/nothing-A1b2C3d4.js");
    assert.deepEqual([missing.status, missing.headers["content-type"]], [404, "text/plain; charset=utf-8"]);
    assert.equal((await then("/logo.svg")).status, 404);
  });

  test("what is the platform's own is answered by it", async () => {
    const rest = await then("/rest/v1/nothing");
    assert.ok(rest.status >= 400 && rest.headers["content-type"].startsWith("application/json"), `${rest.status} ${rest.text}`);
    const auth = await then("/auth/v1/user");
    assert.ok(auth.status >= 400 && auth.headers["content-type"].startsWith("application/json"), `${auth.status} ${auth.text}`);
    assert.equal((await then("/_answers", { method: "POST" })).status, 403);
    assert.equal((await then("/", { method: "POST" })).status, 405);
  });

  test("what the environment is told from then on is told at once", async () => {
    for (const value of ["one", "two"]) {
      assert.equal((await visit()).status, 200);
      assert.equal((await app.api("PUT", "/env/production/GREETING", { kind: "public", value })).status, 200);
      assert.equal(config((await visit()).text).variables.GREETING, value);
    }
  });
});

test("nobody leaves anything behind in the memory of the Worker", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const preview = new URL(app.created.preview_url).host;
  const ask = () => new Promise((resolve, reject) => {
    const call = http.get({ host: "127.0.0.1", port: stack.port, path: "/_health", agent, headers: { host: preview } }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode)).once("error", reject);
    });
    call.once("error", reject);
  });
  const visits = (count) => Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let done = 0; done < count / AT_ONCE; done += 1) assert.equal(await ask(), 200);
  }));
  const memory = async () => (await stack.api("GET", "/healthz")).body.memory_bytes;
  await visits(1_000);
  const before = await memory();
  await visits(VISITS);
  const grown = (await memory()) - before;
  // A page of WebAssembly's memory is 64 KiB; 100 bytes of each would be six of them.
  assert.ok(grown <= 2 * 64 * 1024, `${grown} bytes for ${VISITS} visits`);
  agent.destroy();
});

test("an app that is deleted is gone at once", async () => {
  assert.equal((await visit()).status, 200);
  assert.equal((await app.api("DELETE", "")).status, 204);
  assert.equal((await visit()).status, 404);
  assertNoPanic(stack);
});
