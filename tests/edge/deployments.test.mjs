// Staging and production: what an address serves, how it gets there, and the way back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { CONFIG, assets, config, deploy, live, over, watch } from "../support/deployments.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

let stack;
let app;

before(async () => {
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  await stack?.stop();
});

/** A request to one of the addresses of an app. */
const visit = (url, path = "/", options = {}) => stack.request(path, { host: new URL(url).host, ...options });

const watched = (url) => watch(() => visit(url, "/_deployment"));

async function change(path, text) {
  const { etag } = await app.read(path);
  const { version } = await app.write(path, text, etag);
  return app.feed.find(`the build of version ${version}`, (event) => event.kind === "build_finished" && event.version === version);
}

describe("the first deployment", () => {
  test("is built for production, looked at, and then live at an address of its own", async () => {
    const asked = await deploy(app, "staging", { note: "a last look" });
    assert.deepEqual(
      { environment: asked.environment, version: asked.version, status: asked.status, by: asked.by, note: asked.note, origin: asked.origin },
      { environment: "staging", version: 2, status: "building", by: "set-up", note: "a last look", origin: { kind: "deploy" } },
    );
    assert.equal(asked.url, `http://staging-${app.id}.localhost:${stack.port}`);
    assert.equal((await visit(asked.url)).status, 404, "nothing is there before");
    const end = await over(app, asked);
    assert.equal(end.status, "live");
    const page = await visit(end.url, "/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    assert.equal(config(page.text).environment, "staging");
    assert.match(page.headers["content-security-policy"], /frame-ancestors 'none'/);
    assert.equal(page.headers["x-robots-tag"], "noindex");
    for (const path of assets(page.text)) assert.equal((await visit(end.url, path)).status, 200, path);
    const { build } = await app.get(`/builds/${end.build}`);
    assert.deepEqual({ mode: build.mode, version: build.version, status: build.status }, { mode: "production", version: 2, status: "succeeded" });
    const told = app.feed.of("deployment_changed").map(({ deployment, status }) => `${deployment} ${status}`);
    assert.deepEqual(told, ["d1 waiting", "d1 building", "d1 deploying", "d1 live"]);
    assert.equal((await app.show()).production_url, null);
  });

  test("is promoted as it is: the same bytes, but for what the page is told", async () => {
    const variable = await app.api("PUT", "/env/production/GREETING", { kind: "public", value: "</script><b>Grüße" });
    assert.equal(variable.status, 200, variable.text);
    const before = await app.get("/deployments");
    const end = await live(app, "production", { version: 2 });
    const [staging] = before.deployments;
    assert.deepEqual([end.digest, end.build], [staging.digest, staging.build], "nothing is built again");
    assert.match(end.url, /^http:\/\/[a-z-]+\.localhost:\d+$/);
    assert.equal((await app.show()).production_url, end.url);

    const pages = [await visit(staging.url), await visit(end.url)].map((answer) => answer.text);
    assert.deepEqual(pages.map(config), [
      { app_id: app.id, environment: "staging" },
      { app_id: app.id, environment: "production", variables: { GREETING: "</script><b>Grüße" } },
    ]);
    const [one, other] = pages.map((html) => html.replace(CONFIG, ""));
    assert.equal(one, other);
    for (const path of assets(one)) {
      const [a, b] = [await visit(staging.url, path), await visit(end.url, path)];
      assert.ok(a.bytes.equals(b.bytes), path);
      assert.equal(a.headers["content-type"], b.headers["content-type"]);
    }
    assert.equal((await visit(end.url)).headers["x-robots-tag"], undefined, "production may be found");
  });
});

describe("variables", () => {
  test("are each environment's own, and hold from the next request on", async () => {
    const { deployments } = await app.get("/deployments");
    const [production, staging] = deployments.map(({ url }) => url);
    for (const [environment, value] of [["preview", "p"], ["staging", "s"], ["production", "live"]]) {
      assert.equal((await app.api("PUT", `/env/${environment}/STAGE`, { kind: "public", value })).status, 200);
    }
    const told = async (url) => config((await visit(url)).text).variables.STAGE;
    assert.deepEqual([await told(app.created.preview_url), await told(staging), await told(production)], ["p", "s", "live"]);
    const { variables } = await app.get("/env");
    assert.deepEqual(variables.filter(({ name }) => name === "STAGE").map(({ environment, kind, value }) => [environment, kind, value]), [
      ["preview", "public", "p"], ["staging", "public", "s"], ["production", "public", "live"],
    ]);
    assert.equal((await app.api("DELETE", "/env/staging/STAGE")).status, 204);
    assert.equal(config((await visit(staging)).text).variables, undefined);
    assertProblem(await app.api("DELETE", "/env/staging/STAGE"), "not_found", /no variable `STAGE` in staging/);
    assertProblem(await app.api("PUT", "/env/live/STAGE", { kind: "public", value: "x" }), "not_found", /preview.*staging.*production/);
    assertProblem(await app.api("PUT", "/env/staging/stage", { kind: "public", value: "x" }), "invalid", /capital letters/);
    assertProblem(await app.api("PUT", "/env/staging/STAGE", { kind: "public", value: "x".repeat(4097) }), "too_large", /4096 bytes/);
  });
});

describe("a later version", () => {
  test("goes to an address in one step, and back", async () => {
    const { deployments: [first] } = await app.get("/deployments");
    await app.completed(await app.say("add a rating from 1 to 5 to recipes"));
    await app.settled();
    const stop = watched(first.url);
    const second = await live(app, "production");
    assert.equal(second.version, 3);
    assert.notEqual(second.digest, first.digest);
    const html = (await visit(second.url)).text;
    await stop.sees(3);

    const asked = Date.now();
    const answer = await app.api("POST", `/deployments/${first.id}/rollback`, { note: "the rating is wrong" });
    assert.equal(answer.status, 202, answer.text);
    const back = await over(app, answer.body.deployment);
    console.log(`# rollback: ${Date.now() - asked} ms`);
    assert.deepEqual(
      { status: back.status, origin: back.origin, digest: back.digest, version: back.version, note: back.note, by: back.by },
      { status: "live", origin: { kind: "rollback", to: first.id }, digest: first.digest, version: 2, note: "the rating is wrong", by: "set-up" },
    );
    const served = (await visit(first.url, "/_deployment")).json();
    assert.deepEqual({ version: served.version, environment: served.environment, digest: served.digest }, { version: 2, environment: "production", digest: back.digest });
    await stop.sees(2);
    assert.deepEqual(await stop(), [2, 3, 2], "nothing else was ever seen");
    for (const path of assets(html)) assert.equal((await visit(first.url, path)).status, 200, `${path}, of a page that was opened before`);
    assert.equal((await app.get(`/deployments/${second.id}`)).deployment.status, "superseded");
    assertProblem(await app.api("POST", `/deployments/${back.id}/rollback`), "conflict", /is what is live/);
  });

  test("that does not build leaves what is live, and says why", async () => {
    const { deployments } = await app.get("/deployments");
    const production = deployments.find(({ status, environment }) => status === "live" && environment === "production");
    const stop = watched(production.url);
    const good = await app.read("src/main.tsx");
    const { version } = await change("src/main.tsx", 'import "./no-such-file";\n' + good.text);
    const end = await over(app, await deploy(app, "production"));
    assert.deepEqual([end.version, end.status], [version, "failed"]);
    assert.match(end.error, /no-such-file/);
    assertProblem(await app.api("POST", `/deployments/${end.id}/rollback`), "conflict", /never live/);
    await change("src/main.tsx", good.text);
    assert.deepEqual(await stop(), [production.version]);
    assert.equal((await app.show()).production_url, production.url);
  });

  test("waits for the one before it", async () => {
    await change("src/app/tables.ts", `${(await app.read("src/app/tables.ts")).text}\n// one\n`);
    const one = await deploy(app, "production");
    await change("src/app/tables.ts", `${(await app.read("src/app/tables.ts")).text}\n// two\n`);
    const two = await deploy(app, "production");
    assert.equal((await over(app, two)).status, "live");
    assert.equal((await over(app, one)).status, "superseded");
    const told = app.feed.of("deployment_changed").filter(({ deployment }) => [one.id, two.id].includes(deployment));
    const line = told.map(({ deployment, status }) => `${deployment} ${status}`);
    assert.ok(line.indexOf(`${one.id} live`) < line.indexOf(`${two.id} deploying`), line.join(", "));
  });
});

describe("names", () => {
  test("are an app's own: another one that is called the same has another", async () => {
    const [other, third] = [await App.create(stack), await App.create(stack)];
    try {
      for (const one of [other, third]) await one.completed();
      const mine = (await app.show()).production_url;
      const theirs = (await live(other, "production")).url;
      assert.equal(new URL(theirs).hostname.split(".")[0], `${new URL(mine).hostname.split(".")[0]}-${other.id}`);
      assert.equal((await visit(theirs, "/_deployment")).json().app_id, other.id);
      assert.equal((await visit(mine, "/_deployment")).json().app_id, app.id);
      // Two identical apps: the one is deleted, the other still serves every byte.
      const page = (await visit(mine)).text;
      const bytes = await Promise.all(assets(page).map(async (path) => (await visit(mine, path)).bytes));
      assert.equal((await other.api("DELETE", "")).status, 204);
      await until("the address to be nobody's", async () => (await visit(theirs)).status === 404);
      for (const [at, path] of assets(page).entries()) assert.ok((await visit(mine, path)).bytes.equals(bytes[at]), path);
    } finally {
      other.close();
      third.close();
    }
  });

  test("lead nowhere else, whatever the host is said to be", async () => {
    const mine = new URL((await app.show()).production_url);
    const label = mine.hostname.split(".")[0];
    const { port } = stack;
    for (const host of [
      `x-${label}.localhost:${port}`, `${label}.localhost`, `${label}.localhost:1`, `a.${label}.localhost:${port}`, `${label}.localhost.evil.example:${port}`,
      `www.localhost:${port}`, `api.localhost:${port}`, `preview-${label}.localhost:${port}`, `production-${app.id}.localhost:${port}`, `staging-.localhost:${port}`,
      `staging-zzzzzzzzzzzz.localhost:${port}`, `${label}%2e.localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `object:${port}`, "assets",
    ]) {
      const answer = await stack.request("/_deployment", { host });
      assert.ok([400, 404].includes(answer.status), `${host}: ${answer.status}`);
      assert.ok(!answer.text.includes(app.id), host);
    }
    assert.equal((await visit(`http://${label.toUpperCase()}.LOCALHOST.:${port}`, "/_deployment")).json().app_id, app.id, "case and a final dot mean nothing");
    const api = await visit(mine, "/v1/apps", { headers: { authorization: `Bearer ${stack.token}` } });
    assert.equal(api.status, 404, "an app's address is no API");
  });
});

describe("a secret in the app's files", () => {
  test("is published nowhere, and told by its place and never by itself", async () => {
    const secret = ["sk_li", "ve_51", "Hq8ZrT2mVx9LwKc3NbYd7PfGs"].join("");
    const good = await app.read("src/main.tsx");
    const before = (await app.preview()).text;
    const finished = await change("src/main.tsx", `${good.text}\nconsole.info("${secret}".length, ${JSON.stringify({ key: secret })});\n`);
    assert.equal(finished.status, "failed");
    const [told, ...more] = finished.diagnostics.filter(({ code }) => code === "secret");
    assert.deepEqual([told.path, more], ["src/main.tsx", []]);
    assert.equal(told.line, good.text.split("\n").length + 1);
    assert.match(told.message, /Stripe/);
    const end = await over(app, await deploy(app, "staging"));
    assert.equal(end.status, "failed");
    for (const text of [app.feed.events.map((event) => JSON.stringify(event)).join("\n"), JSON.stringify(end), stack.log?.() ?? ""]) assert.ok(!text.includes(secret));
    assert.equal((await app.preview()).text, before);
    assert.equal((await change("src/main.tsx", good.text)).status, "succeeded");
  });
});

describe("an approval", () => {
  /** A token of somebody else's, and calls with it. */
  let other;

  before(async () => {
    const made = await stack.api("POST", "/v1/tokens", { name: "reviewer" });
    assert.equal(made.status, 201, made.text);
    other = { authorization: `Bearer ${made.body.secret}` };
    const set = await app.api("PUT", "/approvals", { environments: ["production"] });
    assert.deepEqual([set.status, set.body], [200, { environments: ["production"], deployments: [] }]);
  });

  after(async () => {
    const set = await app.api("PUT", "/approvals", { environments: [] });
    assert.deepEqual(set.body.environments, []);
  });

  const decide = (deployment, decision, headers = other, more = {}) => app.api("POST", "/approvals", { deployment, decision, ...more }, headers);

  test("is given by somebody else than whoever asked; before that nothing changes", async () => {
    const { version } = (await app.get("/versions")).versions[0];
    const before = (await app.get("/deployments")).deployments.find((one) => one.environment === "production" && one.status === "live");
    const asked = await deploy(app, "production", { version });
    assert.equal(asked.status, "awaiting_approval");
    assert.deepEqual((await app.get("/approvals")).deployments.map(({ id }) => id), [asked.id]);
    assertProblem(await decide(asked.id, "approve", {}), "conflict", /another token/);
    assert.equal((await app.get(`/deployments/${asked.id}`)).deployment.status, "awaiting_approval");
    assert.equal((await app.get(`/deployments/${before.id}`)).deployment.status, "live");

    const headers = { ...other, "idempotency-key": "approve-once" };
    const [one, two] = [await decide(asked.id, "approve", headers, { note: "looks right" }), await decide(asked.id, "approve", headers, { note: "looks right" })];
    assert.equal(one.status, 202, one.text);
    assert.deepEqual(one.body, two.body);
    const end = await over(app, asked);
    assert.deepEqual([end.status, end.by, end.approval.by, end.approval.note], ["live", "set-up", "reviewer", "looks right"]);
    assert.deepEqual((await app.get("/approvals")).deployments, []);
    assertProblem(await decide(asked.id, "approve"), "conflict", /does not await approval/);
  });

  test("that is refused ends a deployment, and says who and why", async () => {
    const asked = await deploy(app, "production");
    const answer = await decide(asked.id, "reject", other, { note: "not on a Friday" });
    assert.equal(answer.status, 202, answer.text);
    const { deployment } = await app.get(`/deployments/${asked.id}`);
    assert.deepEqual([deployment.status, deployment.error], ["rejected", "`reviewer` has rejected it: not on a Friday"]);
    const told = await app.feed.find("that it is over", (event) => event.kind === "deployment_changed" && event.deployment === asked.id && event.status === "rejected");
    assert.equal(told.error, deployment.error);
  });

  test("is asked for nothing that there is not", async () => {
    assertProblem(await app.api("PUT", "/approvals", { environments: ["preview"] }), "invalid", /preview follows/);
    assertProblem(await app.api("PUT", "/approvals", {}), "invalid", /environments/);
    assertProblem(await decide("d99", "approve"), "not_found", /d99/);
    assertProblem(await decide("d1", "perhaps"), "invalid", /decision/);
    assertProblem(await decide("d1", "reject", other, { note: "x".repeat(501) }), "invalid", /500/);
    assertProblem(await app.api("GET", "/approvals?limit=1"), "invalid");
  });
});

describe("what cannot be", () => {
  test("is refused with what to do", async () => {
    assertProblem(await app.api("POST", "/deployments", { environment: "preview" }), "invalid", /preview follows/);
    assertProblem(await app.api("POST", "/deployments", { environment: "live" }), "invalid", /environment/);
    assertProblem(await app.api("POST", "/deployments", { environment: "staging", version: 99 }), "not_found", /version 99/);
    assertProblem(await app.api("POST", "/deployments", { environment: "staging", note: "x".repeat(501) }), "invalid", /500/);
    assertProblem(await app.api("GET", "/deployments/d99"), "not_found", /d99/);
    assertProblem(await app.api("POST", "/deployments/d99/rollback"), "not_found", /d99/);
  });

  test("happens once for an idempotency key", async () => {
    const headers = { "idempotency-key": "deploy-once" };
    const [one, two] = [0, 1].map(() => app.api("POST", "/deployments", { environment: "staging" }, headers));
    const [first, second] = [await one, await two];
    assert.equal(first.body.deployment.id, second.body.deployment.id);
    await over(app, first.body.deployment);
  });

  test("no panic on the way", () => assertNoPanic(stack));
});
