// Deployments into a dispatch namespace of an account: each is a Worker of its own there, and the platform's chooses which answers. What is alike with Workers of the
// account's own is in account.test.mjs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { App } from "../support/app.mjs";
import { BUCKET, TOKEN, startOnAccount } from "../support/cloudflare.mjs";
import { CONFIG, assets, config, deploy, live, over, watch } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const NAMESPACE = "apps";
const PHOTO = randomBytes(200_000);

let account;
let api;
let stack;
let app;

const visit = (url, path = "/", options) => stack.request(path, { host: new URL(url).host, ...options });
const watched = (url) => watch(() => visit(url, "/_deployment"));
const state = () => api.control("state");
const workers = async () => Object.keys((await state()).namespaces[NAMESPACE]).sort();
const requests = async () => (await api.control("requests")).map(({ method, path }) => `${method} ${path}`);
const name = (deployment) => `app-${app.id}-${deployment.environment}-${deployment.id}`;

async function write(path, content) {
  const there = await app.fileCall("GET", path);
  await app.write(path, content, there.status === 200 ? there.headers.etag : undefined);
  await app.settled();
}

before(async () => {
  account = await startOnAccount({ CLOUDFLARE_NAMESPACE: NAMESPACE });
  ({ api, stack } = account);
  await api.must("POST", "/workers/dispatch/namespaces", { json: { name: NAMESPACE } });
  app = await App.create(stack);
  await app.completed();
  await app.settled();
  await write("public/photo.jpg", PHOTO);
});

after(async () => {
  app?.close();
  await account?.stop();
});

describe("an app in a dispatch namespace", () => {
  let staging;
  let production;

  test("is a Worker there and none of the account's own, and the platform's address is answered by it", async () => {
    staging = await live(app, "staging");
    assert.equal(staging.remote, name(staging));
    const page = await visit(staging.url, "/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200, page.text);
    assert.deepEqual(config(page.text), { app_id: app.id, environment: "staging" });
    for (const path of assets(page.text)) assert.equal((await visit(staging.url, path)).status, 200, path);
    const photo = await visit(staging.url, "/photo.jpg");
    assert.deepEqual([photo.status, photo.headers["content-type"], photo.bytes.equals(PHOTO)], [200, "image/jpeg", true]);
    assert.equal((await visit(staging.url, "/photo.jpg", { headers: { range: "bytes=5-9" } })).status, 206);
    assert.equal((await visit(staging.url, "/no/such/file.js")).status, 404);
    assert.equal((await visit(staging.url, "/", { method: "POST", body: "x" })).status, 405);
    const { scripts, namespaces } = await state();
    assert.deepEqual(scripts, {});
    const there = namespaces[NAMESPACE];
    assert.deepEqual(Object.keys(there), [name(staging)]);
    assert.deepEqual(there[name(staging)].tags, [`app-${app.id}-staging`]);
    assert.deepEqual(there[name(staging)].bindings.filter(({ name: one }) => ["ANSWERS", "FILES"].includes(one)).map(({ type }) => type), ["r2_bucket"]);
    const said = (await visit(staging.url, "/_deployment")).json();
    assert.deepEqual([said.environment, said.version, said.digest], ["staging", staging.version, staging.digest]);
  });

  test("has its data answered by the platform", async () => {
    const rest = await visit(staging.url, "/rest/v1/nothing");
    assert.ok(rest.status >= 400 && rest.headers["content-type"].startsWith("application/json"), `${rest.status} ${rest.text}`);
  });

  test("is promoted: the same bytes, no file sent again, another Worker", async () => {
    await api.control("reset-requests", {});
    production = await live(app, "production");
    assert.equal(production.digest, staging.digest);
    assert.ok((await requests()).every((one) => !one.includes("/objects/")));
    const [one, other] = [await visit(staging.url), await visit(production.url)].map((answer) => answer.text.replace(CONFIG, ""));
    assert.equal(one, other);
    assert.deepEqual(await workers(), [name(production), name(staging)]);
  });

  test("is told its variables by its Worker alone", async () => {
    assert.equal((await app.api("PUT", "/env/staging/GREETING", { kind: "public", value: "hello" })).status, 200);
    await until("the variable", async () => config((await visit(staging.url)).text).variables?.GREETING === "hello");
    assert.equal(config((await visit(production.url)).text).variables, undefined);
  });

  test("has the secrets of its environment, which nobody reads back, and those of no other", async () => {
    const secret = "a-secret-of-staging";
    await write("functions/key.ts", "export default { fetch: (_: Request, env: Record<string, string>) => Response.json({ key: env.API_KEY ?? null }) }\n");
    await app.api("PUT", "/env/staging/API_KEY", { kind: "secret", value: secret });
    const [there, elsewhere] = [await live(app, "staging"), await live(app, "production")];
    assert.deepEqual((await visit(there.url, "/api/key")).json(), { key: secret });
    assert.deepEqual((await visit(elsewhere.url, "/api/key")).json(), { key: null });
    const { namespaces } = await state();
    assert.ok(namespaces[NAMESPACE][name(there)].secrets.includes("SECRET_API_KEY") && !JSON.stringify(namespaces).includes(secret));
    assert.deepEqual(namespaces[NAMESPACE][name(elsewhere)].secrets, []);
  });

  const wrong = [
    ["a refused upload that passes", { method: "PUT", path: "/scripts/[^/]+$" }, { status: 503 }],
    ["an upload of which nobody hears", { method: "PUT", path: "/scripts/[^/]+$" }, { close: "after" }],
    ["a list that fails once", { method: "GET", path: "/scripts$" }, { status: 500 }],
    ["a look for the Worker that fails once", { method: "GET", path: "/scripts/[^/]+$" }, { status: 502 }],
  ];
  for (const [what, match, effect] of wrong) {
    test(`with ${what}, answers throughout, and it comes to its end`, async () => {
      await write("public/what.txt", what);
      const stop = watched(production.url);
      await api.control("fault", { ...match, effect });
      const end = await over(app, await deploy(app, "production"));
      assert.equal(end.status, "live", JSON.stringify(end));
      const seen = await until("the new version", async () => (await visit(production.url, "/what.txt")).text === what).then(stop);
      assert.ok(seen.every((one) => typeof one === "number"), seen.join(", "));
      assert.equal(seen.at(-1), end.version);
      const now = await state();
      assert.deepEqual(now.faults, [], "what was to go wrong went wrong");
      const there = Object.keys(now.namespaces[NAMESPACE]).filter((one) => one.includes("-production-"));
      assert.ok(there.includes(name(end)) && there.length <= 2, there.join(", "));
    });
  }

  test("killed while its script is sent, comes to its end all the same", async () => {
    await write("public/what.txt", "killed");
    await api.control("reset-requests", {});
    await api.control("fault", { method: "PUT", path: "/scripts/[^/]+$", effect: { delay: 700 } });
    const begun = await deploy(app, "production");
    await until("the upload", async () => (await requests()).some((one) => one.startsWith("PUT") && /\/scripts\/[^/]+$/.test(one)));
    await stack.waitHealthy({ not: stack.killWorker() });
    const end = await over(app, begun);
    assert.equal(end.status, "live", JSON.stringify(end));
    await until("the new version", async () => (await visit(production.url, "/what.txt")).text === "killed");
  });

  test("goes back to what was live before", async () => {
    const { deployments } = await app.get("/deployments");
    const first = deployments.find(({ id }) => id === production.id);
    const answer = await app.api("POST", `/deployments/${first.id}/rollback`, {});
    assert.equal(answer.status, 202, answer.text);
    const end = await over(app, answer.body.deployment);
    assert.equal(end.status, "live", JSON.stringify(end));
    await until("the digest of before", async () => (await visit(production.url, "/_deployment")).json().digest === first.digest);
  });

  test("is not deployed with a token that may not, and what is live stays", async () => {
    const before = (await visit(production.url, "/_deployment")).json();
    await write("public/what.txt", "refused");
    await api.control("token", { token: TOKEN, name: "api-token", permissions: ["Workers R2 Storage: Edit", "Workers Scripts: Read"] });
    const end = await over(app, await deploy(app, "production"));
    await api.control("token", { token: TOKEN, name: "api-token" });
    assert.equal(end.status, "failed");
    assert.match(end.error, /Workers Scripts: Edit/);
    assert.deepEqual((await visit(production.url, "/_deployment")).json(), before);
  });

  test("does not answer where its Worker is gone, and is there again with the next deployment", async () => {
    const { deployments } = await app.get("/deployments");
    const { remote } = deployments.find(({ environment, status }) => environment === "production" && status === "live");
    await api.must("DELETE", `/workers/dispatch/namespaces/${NAMESPACE}/scripts/${remote}`);
    const gone = await visit(production.url);
    assert.equal(gone.status, 503, gone.text);
    await live(app, "production");
    await until("the app", async () => (await visit(production.url)).status === 200);
  });

  test("goes over to a Worker of the account's own and back, and answers throughout", async () => {
    const host = new URL(production.url).host;
    const before = (await visit(production.url, "/_deployment")).json();
    await account.restart({ CLOUDFLARE_NAMESPACE: "" });
    assert.deepEqual((await visit(production.url, "/_deployment")).json(), before, "from the platform's own storage");
    const own = await live(app, "production");
    assert.match(own.remote, /^[0-9a-f-]{36}$/);
    assert.equal((await api.visit(host, "/_deployment")).json().digest, own.digest);
    await account.restart({ CLOUDFLARE_NAMESPACE: NAMESPACE });
    const back = await live(app, "production");
    assert.equal(back.remote, name(back));
    await until("the app", async () => (await visit(production.url, "/_deployment")).json().digest === back.digest);
    const { zones: [{ routes }] } = await state();
    assert.deepEqual(routes, [], "no route to the account's own any more");
  });

  test("leaves nothing on the account when it is deleted", async () => {
    assert.equal((await app.api("DELETE", "")).status, 204);
    await until("the account to be empty", async () => {
      const now = await state();
      return Object.keys(now.namespaces[NAMESPACE]).length === 0 && Object.keys(now.scripts).length === 0 && now.buckets[BUCKET].length === 0;
    });
    assertNoPanic(stack);
  });
});
