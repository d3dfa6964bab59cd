// Deployments to an account: each app a Worker of its own there, put there by the API alone. The account is the double that wrangler checks.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { App } from "../support/app.mjs";
import { BUCKET, DOMAIN, TOKEN, startOnAccount } from "../support/cloudflare.mjs";
import { CONFIG, assets, config, deploy, live, over, watch } from "../support/deployments.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

let account;
let double;
let api;
let stack;
let app;

before(async () => {
  account = await startOnAccount();
  ({ double, api, stack } = account);
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  await account?.stop();
});

const visit = (url, path = "/", options) => api.visit(new URL(url).host, path, options);
const requests = async () => (await api.control("requests")).map(({ method, path }) => `${method} ${path.replace(/^\/client\/v4\/accounts\/[^/]+/, "")}`);

const watched = (url) => watch(() => visit(url, "/_deployment"));

describe("an app on an account", () => {
  let staging;
  let production;

  test("has a Worker of its own with its files in a bucket, byte for byte what the preview of that build would serve", async () => {
    staging = await live(app, "staging");
    assert.equal(staging.url, `https://staging-${app.id}.${DOMAIN}`);
    assert.match(staging.remote, /^[0-9a-f-]{36}$/);
    const page = await visit(staging.url, "/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200, page.text);
    assert.deepEqual(config(page.text), { app_id: app.id, environment: "staging" });
    const { build } = await app.get(`/builds/${staging.build}`);
    const said = (await visit(staging.url, "/_deployment")).json();
    assert.deepEqual({ version: said.version, environment: said.environment, mode: said.mode }, { version: 2, environment: "staging", mode: build.mode });
    // The router has the same from its own storage.
    const here = (path) => stack.request(path, { host: new URL(staging.url).host });
    for (const path of ["/", ...assets(page.text)]) {
      const [there, own] = [await visit(staging.url, path), await here(path)];
      assert.equal(there.status, 200, path);
      assert.ok(there.bytes.equals(own.bytes), path);
      for (const name of ["content-type", "cache-control", "content-security-policy", "x-content-type-options"]) assert.equal(there.headers[name], own.headers[name], `${name} of ${path}`);
    }
    assert.equal((await visit(staging.url, "/no/such/file.js")).status, 404);
    assert.equal((await visit(staging.url, "/recipes/1", { headers: { accept: "text/html" } })).status, 200);
    const [script] = assets(page.text).filter((path) => path.endsWith(".js"));
    const part = await visit(staging.url, script, { headers: { range: "bytes=10-19" } });
    assert.deepEqual([part.status, part.bytes.length], [206, 10]);
  });

  test("is promoted without a file being sent again", async () => {
    await api.control("reset-requests", {});
    await app.api("PUT", "/env/production/GREETING", { kind: "public", value: "hi" });
    production = await live(app, "production", { version: 2 });
    assert.equal(production.digest, staging.digest);
    assert.deepEqual((await requests()).filter((one) => one.includes("/objects/")), []);
    assert.deepEqual(config((await visit(production.url)).text), { app_id: app.id, environment: "production", variables: { GREETING: "hi" } });
    const [one, other] = [await visit(staging.url), await visit(production.url)].map((answer) => answer.text.replace(CONFIG, ""));
    assert.equal(one, other);
  });

  test("is told another variable by another deployment of the same", async () => {
    await app.api("PUT", "/env/production/GREETING", { kind: "public", value: "ho" });
    await until("the page to be told", async () => config((await visit(production.url)).text).variables.GREETING === "ho");
    const [{ note, digest }] = (await app.get("/deployments")).deployments;
    assert.deepEqual([note, digest], ["The variables have changed.", production.digest]);
  });

  test("changes in one step and goes back, and pages that were open before find their files", async () => {
    const before = (await visit(production.url)).text;
    await app.completed(await app.say("add a rating from 1 to 5 to recipes"));
    await app.settled();
    const stop = watched(production.url);
    const second = await live(app, "production");
    assert.equal(second.version, 3);
    await stop.sees(3);
    for (const path of assets(before)) {
      const answer = await visit(production.url, path);
      assert.deepEqual([answer.status, answer.headers["cache-control"]], [200, "public, max-age=31536000, immutable"], path);
    }
    const asked = Date.now();
    const back = await app.api("POST", `/deployments/${production.id}/rollback`, {});
    assert.equal((await over(app, back.body.deployment)).status, "live");
    console.log(`# rollback on an account: ${Date.now() - asked} ms`);
    assert.equal((await visit(production.url, "/_deployment")).json().digest, production.digest);
    await stop.sees(2);
    assert.deepEqual(await stop(), [2, 3, 2]);
  });
});

describe("functions on an account", () => {
  const SECRET = "of-the-account-4711";
  const worker = async () => (await api.control("state")).scripts[`app-${app.id}-staging`];
  const bound = async () => {
    const { id } = (await worker()).versions.at(-1);
    const { resources } = await api.must("GET", `/workers/scripts/app-${app.id}-staging/versions/${id}`);
    return resources.bindings.map(({ name, type }) => `${name} ${type}`);
  };
  const asked = async (url, address) => (await visit(url, `/api/key?address=${encodeURIComponent(address)}`)).json();

  test("have no secret bound where there are none", async () => {
    await app.api("PUT", "/env/staging/API_KEY", { kind: "secret", value: SECRET });
    await until("the deployment for it", async () => (await app.get("/deployments")).deployments.find(({ environment }) => environment === "staging").status === "live");
    assert.deepEqual((await bound()).filter((one) => one.includes("SECRET")), []);
  });

  test("are told what is secret, which nobody reads back, and ask whom they may", async () => {
    await app.write("functions/key.ts", `export default {
  async fetch(request: Request, env: Record<string, string>) {
    const answer = await fetch(new URL(request.url).searchParams.get("address")!)
    const name = "workers"
    const { env: all } = await import(/* @vite-ignore */ \`cloudflare:\${name}\`)
    return Response.json({ key: env.API_KEY ?? null, status: answer.status, names: Object.keys(env).sort(), bound: Object.keys(all ?? {}) })
  },
}
`);
    await app.settled();
    const end = await live(app, "staging");
    assert.ok((await bound()).includes("SECRET_API_KEY secret_text"), (await bound()).join(", "));
    assert.ok(!JSON.stringify(await worker()).includes(SECRET));
    // The double's own API is somebody else here; that it answers 404 at all is that it was asked.
    const there = double.url.replace("127.0.0.1", "localhost").replace(/\/client.*/, "/nothing");
    const first = await asked(end.url, there);
    assert.deepEqual([first.key, first.status, first.names], [SECRET, 403, ["API_KEY", "OVERSKILL_APP", "OVERSKILL_ENVIRONMENT"]]);
    assert.deepEqual(first.bound, [], "the bucket is no function's");
    assert.equal((await visit(end.url, "/overskill-functions/key.js")).status, 404);
    assert.ok(!(await requests()).some((one) => one.includes("overskill-functions")));
  });

  test("are told nothing any more that was deleted", async () => {
    assert.equal((await app.api("DELETE", "/env/staging/API_KEY")).status, 204);
    const { url } = (await app.get("/deployments")).deployments.find(({ environment }) => environment === "staging");
    await until("the secret to be gone", async () => (await asked(url, "https://example.com/")).key === null);
    assert.ok(!(await bound()).includes("SECRET_API_KEY secret_text"));
  });
});

describe("whatever goes wrong on the way", () => {
  const wrong = [
    ["a file", { method: "PUT", path: "/objects/" }, { status: 500 }],
    ["a file, of which nobody hears", { method: "PUT", path: "/objects/" }, { close: "after" }],
    ["the list of versions", { method: "GET", path: "/versions$" }, { status: 503 }],
    ["the script", { method: "POST", path: "/versions$" }, { status: 500 }],
    ["the script, of which nobody hears", { method: "POST", path: "/versions$" }, { close: "after" }],
    ["the address to look at it", { method: "POST", path: "/subdomain$" }, { close: "before" }],
    ["the switch", { method: "POST", path: "/deployments$" }, { status: 500 }],
    ["the switch, of which nobody hears", { method: "POST", path: "/deployments$" }, { close: "after" }],
    ["the route", { method: "PUT", path: "/routes$" }, { status: 429, headers: { "retry-after": "1" } }],
  ];

  /** What a file of theirs says, by the versions that were deployed here. */
  const texts = new Map();

  /** A version that is not live: a new one, where its files have to be uploaded; else one that was built before. */
  async function another(what, live) {
    if (texts.size > 1 && !what.includes("a file")) return [...texts.keys()].findLast((version) => version !== live);
    const known = await app.fileCall("GET", "public/what.txt");
    const { version } = await app.write("public/what.txt", `${what}\n`, known.status === 200 ? known.headers.etag : undefined);
    texts.set(version, `${what}\n`);
    await app.settled();
    return version;
  }

  /** Deploys another version while `disturb(deploy)` sees to it that something goes wrong. */
  async function deployed(what, disturb) {
    const { url, version: live } = (await app.get("/deployments")).deployments.find(({ environment, status }) => environment === "production" && status === "live");
    const version = await another(what, live);
    const stop = watched(url);
    const end = await disturb(() => deploy(app, "production", { version }));
    assert.equal(end.status, "live", JSON.stringify(end));
    const seen = await stop();
    assert.ok(seen.every((one) => typeof one === "number"), seen.join(", "));
    assert.equal(seen.at(-1), end.version);
    assert.equal((await visit(url, "/what.txt")).text, texts.get(version));
    const { faults, scripts: { [`app-${app.id}-production`]: worker } } = await api.control("state");
    assert.deepEqual(faults, [], "what was to go wrong went wrong");
    const tagged = worker.versions.filter(({ annotations }) => annotations?.["workers/tag"] === end.id);
    assert.equal(tagged.length, 1, "one version for a deployment");
    assert.deepEqual(worker.deployments[0].versions, [{ version_id: end.remote, percentage: 100 }]);
  }

  for (const [what, match, effect] of wrong) {
    test(`with ${what}, the address answers throughout, and it comes to its end`, () =>
      deployed(what, async (ask) => {
        await api.control("fault", { ...match, effect });
        return over(app, await ask());
      }));
  }

  // What was under way at the account comes to its end there after whoever asked for it is dead.
  for (const [what, method, path] of [["a file", "PUT", "/objects/"], ["the script", "POST", "/versions$"], ["the address to look at it", "POST", "/subdomain$"], ["the switch", "POST", "/deployments$"], ["the route", "PUT", "/routes$"]]) {
    test(`killed at ${what}, it comes to its end all the same`, () =>
      deployed(`killed at ${what}`, async (ask) => {
        await api.control("reset-requests", {});
        await api.control("fault", { method, path, effect: { delay: 700 } });
        const begun = await ask();
        await until(what, async () => (await requests()).some((one) => one.startsWith(method) && new RegExp(path).test(one)));
        await stack.waitHealthy({ not: stack.killWorker() });
        return over(app, begun);
      }));
  }

  test("what fails for good after the switch is taken back", async () => {
    const { deployments } = await app.get("/deployments");
    const before = deployments.find(({ environment, status }) => environment === "production" && status === "live");
    await api.control("fault", { method: "PUT", path: "/routes$", effect: { status: 403, code: 10000, message: "Authentication error" } });
    const end = await over(app, await deploy(app, "production", { version: 2 }));
    assert.equal(end.status, "failed");
    assert.match(end.error, /Authentication error/);
    assert.equal((await visit(before.url, "/_deployment")).json().version, before.version);
    const { deployments: [newest] } = (await api.control("state")).scripts[`app-${app.id}-production`];
    assert.deepEqual(newest.versions, [{ version_id: before.remote, percentage: 100 }], "the version that was live is live");
  });

  test("a token that may not is named with what it lacks, and what is live stays", async () => {
    const [before] = (await app.get("/deployments")).deployments.filter(({ environment, status }) => environment === "production" && status === "live");
    await api.control("token", { token: TOKEN, name: "api-token", permissions: ["Workers R2 Storage: Edit", "Workers Scripts: Read"] });
    const end = await over(app, await deploy(app, "production", { version: 2 }));
    await api.control("token", { token: TOKEN, name: "api-token" });
    assert.equal(end.status, "failed");
    assert.match(end.error, /Workers Scripts: Edit/);
    assert.equal((await visit(before.url, "/_deployment")).json().version, before.version);
  });
});

describe("an app that is deleted", () => {
  test("leaves nothing on the account", async () => {
    assert.equal((await app.api("DELETE", "")).status, 204);
    const state = await until("the account to be empty", async () => {
      const now = await api.control("state");
      return Object.keys(now.scripts).length === 0 && now.buckets[BUCKET].length === 0 && now;
    });
    assert.ok(Object.values(state.orphans).every((left) => left.length === 0), JSON.stringify(state.orphans));
  });

  test("no panic on the way", () => assertNoPanic(stack));
});
