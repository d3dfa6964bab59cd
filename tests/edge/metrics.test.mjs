// What is measured of apps: as JSON, as Prometheus reads it, and what is told when a threshold is reached.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { live } from "../support/deployments.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const state = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-metrics-"));
/** What an app may be called: all that a label has to escape. */
const NAME = 'Tea "&" cake \\ {so="1"}, more';

let stack;
let app;
/** Whoever hears alerts: what came, and with which status the next ones are answered. */
let receiver;

before(async () => {
  receiver = await hears();
  stack = await startStack({ state });
  app = await App.create(stack);
  await app.completed();
  await app.settled();
  assert.equal((await app.api("PATCH", "", { name: NAME })).status, 200);
});

after(async () => {
  app?.close();
  await stack?.stop();
  receiver?.server.close();
  fs.rmSync(state, { recursive: true, force: true });
});

async function hears() {
  const heard = [];
  const statuses = [];
  const server = http.createServer((request, answer) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const status = statuses.shift() ?? 204;
      heard.push({ method: request.method, url: request.url, headers: request.headers, body, status, at: Date.now() });
      answer.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, heard, statuses, url: (name) => `http://localhost:${server.address().port}/${name}` };
}

/** What came to one of its addresses. */
const heardAt = (name) => receiver.heard.filter(({ url }) => url === `/${name}`);

const metrics = async (of = app) => (await of.get("/metrics")).metrics;
const byMode = (list, mode) => list.find((one) => one.mode === mode);

/** The nearest rank. */
function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1];
}

/** Every build of the app, as the API shows it. */
async function builds() {
  const ids = app.feed.of("build_finished").filter(({ status }) => status !== "superseded").map(({ build }) => build);
  return Promise.all(ids.map(async (id) => (await app.get(`/builds/${id}`)).build));
}

/** Reads the text format 0.0.4, strictly: families with their kind, samples by name and labels. */
function read(text) {
  assert.ok(text.endsWith("\n"));
  const families = new Map();
  const helped = new Set();
  const samples = new Map();
  let family;
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment) {
      const [, what, name, rest] = comment;
      if (what === "HELP") {
        assert.ok(!helped.has(name), line);
        helped.add(name);
      } else {
        assert.ok(helped.has(name) && !families.has(name), line);
        assert.match(rest, /^(counter|gauge|summary)$/);
        families.set((family = name), rest);
      }
      continue;
    }
    const sample = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\[\\"n])*",?)+)\})? ([0-9]+(?:\.[0-9]+)?)$/.exec(line);
    assert.ok(sample, `not a sample: ${line}`);
    const [, name, labels = "", value] = sample;
    assert.ok(name === family || (families.get(family) === "summary" && [`${family}_sum`, `${family}_count`].includes(name)), line);
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/g)].map(([, label, escaped]) => [label, escaped.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))]);
    const key = `${name} ${JSON.stringify(Object.fromEntries(pairs.toSorted()))}`;
    assert.ok(!samples.has(key), `twice: ${line}`);
    samples.set(key, Number(value));
  }
  const value = (name, labels = {}) => samples.get(`${name} ${JSON.stringify(Object.fromEntries(Object.entries(labels).toSorted()))}`);
  return { families, samples, value };
}

async function exposed() {
  const answer = await stack.api("GET", "/metrics");
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  return read(answer.text);
}

describe("what is measured of an app", () => {
  test("agrees with its builds", async () => {
    const known = await builds();
    assert.ok(known.length >= 2, "the foundation and the turn were built");
    const measured = await until("every build to be counted", async () => {
      const found = await metrics();
      return byMode(found.builds, "development").count === known.length && found;
    });
    const development = byMode(measured.builds, "development");
    const built = known.filter(({ cached, report }) => !cached && report).map(({ report }) => report.timings.total_ms);
    assert.equal(development.failed, 0);
    assert.equal(development.cached, known.filter(({ cached }) => cached).length);
    assert.deepEqual(development.build, built.length === 0 ? null : { count: built.length, p50_ms: percentile(built, 50), p95_ms: percentile(built, 95) });
    const waited = known.map(({ created_at, finished_at }) => finished_at - created_at);
    assert.deepEqual(development.wait, { count: waited.length, p50_ms: percentile(waited, 50), p95_ms: percentile(waited, 95) });
    const trend = byMode(measured.sizes, "development");
    const sizes = ({ sizes: { script_bytes, embedded, external } }) => [script_bytes, embedded.bytes + external.bytes];
    const inOrder = known.toSorted((a, b) => a.finished_at - b.finished_at);
    assert.deepEqual([trend.first.script_bytes, trend.first.asset_bytes], sizes(inOrder[0]));
    assert.deepEqual([trend.newest.script_bytes, trend.newest.asset_bytes], sizes(inOrder.at(-1)));
    assert.equal(trend.script_change.bytes, trend.newest.script_bytes - trend.first.script_bytes);
    assert.equal(trend.series.length, known.length);
    assert.equal(byMode(measured.builds, "production").count, 0);
    assert.ok(measured.cold_starts.count >= 1, "a script was seen to start");
    assert.equal(measured.failed_builds_in_a_row, 0);
  });

  test("has its deployments, and says of what nobody measures that it is so", async () => {
    const deployment = await live(app, "staging");
    // Each is counted by a job of its own, whichever ends first.
    const measured = await until("the deployment and its build to be counted", async () => {
      const found = await metrics();
      const staging = found.deployments.find(({ environment }) => environment === "staging");
      return staging.count === 1 && byMode(found.builds, "production").count === 1 && found;
    });
    const took = deployment.live_at - deployment.created_at;
    assert.deepEqual(measured.deployments.find(({ environment }) => environment === "staging"), { environment: "staging", count: 1, failed: 0, duration: { count: 1, p50_ms: took, p95_ms: took } });
    const { tier, parts, month_micros: month } = measured.cost;
    assert.equal(tier, "complex", "it has tables");
    const part = (name) => parts.find(({ part: one }) => one === name);
    for (const name of ["requests", "database"]) {
      assert.deepEqual([part(name).micros, part(name).quantity], [null, null]);
      assert.match(part(name).basis, /^Not measured: /);
    }
    assert.equal(part("builder").micros, null, "the builder is a machine of this stack's");
    const known = (await builds()).filter(({ cached, report }) => !cached && report);
    assert.equal(part("builder").quantity, known.reduce((sum, { report }) => sum + report.timings.total_ms, 0));
    assert.equal(month, part("models").micros + part("storage").micros);
    assert.ok(part("storage").quantity > 100_000);
    assert.equal((await app.api("GET", "/metrics?limit=1")).status, 400);
  });

  test("is in the numbers of the workspace, as JSON and as text", async () => {
    const own = await metrics();
    const answer = await stack.api("GET", "/v1/metrics");
    assert.equal(answer.status, 200, answer.text);
    const { fleet, apps, tiers, apps_left_out: leftOut } = answer.body.metrics;
    assert.deepEqual(apps.map((one) => one.app), [app.id]);
    assert.equal(leftOut, 0);
    assert.deepEqual(fleet.builds, own.builds);
    assert.deepEqual(tiers.map(({ tier, apps: count }) => [tier, count]), [["simple", 0], ["performance", 0], ["complex", 1]]);
    const { families, value } = await exposed();
    const of = { app: app.id, mode: "development" };
    const { build, count, cached, failed } = byMode(own.builds, "development");
    assert.equal(families.get("overskill_builds_total"), "counter");
    assert.equal(value("overskill_apps"), 1);
    assert.equal(value("overskill_app_info", { app: app.id, name: NAME, tier: "complex" }), 1, "a name with everything that is escaped");
    assert.equal(value("overskill_builds_total", { ...of, outcome: "built" }), count - cached - failed);
    assert.equal(value("overskill_builds_total", { ...of, outcome: "cached" }), cached);
    assert.equal(value("overskill_builds_total", { ...of, outcome: "failed" }), failed);
    assert.equal(value("overskill_build_duration_seconds", { ...of, quantile: "0.95" }), build?.p95_ms / 1000);
    assert.equal(value("overskill_build_duration_seconds_count", of), build?.count ?? 0);
    assert.equal(value("overskill_script_bytes", of), byMode(own.sizes, "development").newest.script_bytes);
    assert.equal(value("overskill_asset_bytes", of), byMode(own.sizes, "development").newest.asset_bytes);
    assert.equal(value("overskill_deployments_total", { app: app.id, environment: "staging", outcome: "live" }), 1);
    assert.equal(value("overskill_month_cost_dollars", { app: app.id, part: "requests" }), undefined);
  });

  test("is told to those who may know", async () => {
    for (const target of ["/metrics", "/v1/metrics", `/v1/apps/${app.id}/metrics`, `/v1/apps/${app.id}/alerts`]) {
      assertProblem(await stack.request(target), "unauthenticated");
    }
    assertProblem(await stack.api("GET", "/v1/apps/aaaabbbb/metrics"), "not_found");
  });
});

describe("an alert", () => {
  const put = (body) => app.api("PUT", "/alerts", body);
  const alerts = async () => (await app.get("/alerts")).alerts;

  /** Holds what came to be signed with a secret, lately. */
  function assertSigned({ headers, body, at }, secret) {
    const [, seconds, given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["overskill-signature"]);
    assert.equal(given, createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex"));
    assert.ok(Math.abs(at / 1000 - Number(seconds)) < 60, "it was signed when it was sent");
  }

  test("needs an address that everybody reaches and thresholds that there are", async () => {
    const thresholds = { script_bytes: 1 };
    for (const webhook of ["http://hooks.example.com/", "https://127.0.0.1/", "https://printer.local/", "https://hooks.example.com:8443/", "https://a@hooks.example.com/", "nonsense", ""]) {
      const problem = assertProblem(await put({ webhook, thresholds }), "invalid", /^`webhook` must be an address with https of a host that everybody reaches/);
      assert.equal(problem.field, "webhook");
    }
    assertProblem(await put({ webhook: `https://hooks.example.com/${"a".repeat(2048)}`, thresholds }), "invalid", /2048 bytes/);
    assertProblem(await put({ thresholds: { script_bytes: 0 } }), "invalid", /thresholds\.script_bytes/);
    assertProblem(await put({ thresholds: { script_bytes: -1 } }), "invalid");
    assertProblem(await put({ thresholds: { script_size: 1 } }), "invalid", /script_size/);
    assertProblem(await put({}), "invalid", /thresholds/);
    assert.deepEqual(await alerts(), { webhook: null, thresholds: { build_p95_ms: null, script_bytes: null, failed_builds: null, failed_deployments: null, month_cost_micros: null }, raised: [], delivery: null });
  });

  test("is posted once, signed, when its threshold is reached, and again after it was not", async () => {
    const webhook = receiver.url("once");
    const { script_bytes: bytes } = byMode((await metrics()).sizes, "development").newest;
    const answer = await put({ webhook, thresholds: { script_bytes: 1_000 } });
    assert.equal(answer.status, 200, answer.text);
    const { secret } = answer.body;
    assert.match(secret, /^whsec_[0-9a-f]{64}$/);
    const told = await app.feed.find("the alert", ({ kind }) => kind === "alert_raised");
    assert.equal(told.threshold, "script_bytes");
    assert.equal(told.limit, 1_000);
    assert.ok(told.value >= bytes, "the larger of both modes");
    const [first] = await until("the receiver to hear", () => heardAt("once").length > 0 && heardAt("once"));
    assert.equal(first.method, "POST");
    assert.equal(first.headers["content-type"], "application/json");
    assert.equal(first.headers["overskill-alert"], `${app.id}/${told.alert}`);
    assertSigned(first, secret);
    const { at, ...body } = JSON.parse(first.body);
    assert.deepEqual(body, { id: `${app.id}/${told.alert}`, kind: "alert_raised", app: { id: app.id, name: NAME }, threshold: "script_bytes", limit: 1_000, value: told.value });
    assert.ok(at > 0);
    await until("the delivery to be known", async () => (await alerts()).delivery?.alert === told.alert);
    // Another build reaches it as well, and nobody is told; nor is the secret shown again.
    const again = await put({ webhook, thresholds: { script_bytes: 1_000 } });
    assert.equal(again.body.secret, null);
    const { build } = (await app.api("POST", "/builds", { mode: "development" })).body;
    await until("the build to be counted", async () => byMode((await metrics()).sizes, "development").newest.build === Number(build.id.slice(1)));
    const shown = await alerts();
    assert.deepEqual([shown.webhook, shown.raised, shown.delivery.error], [webhook, ["script_bytes"], null]);
    assert.ok(!JSON.stringify(shown).includes(secret));
    assert.equal(heardAt("once").length, 1);
    // Once it was not reached, it is told anew.
    assert.equal((await put({ webhook, thresholds: { script_bytes: 100_000_000 } })).status, 200);
    await until("it to be fine", async () => (await alerts()).raised.length === 0);
    assert.equal((await put({ webhook, thresholds: { script_bytes: 2_000 } })).status, 200);
    const [, second] = await until("the receiver to hear again", () => heardAt("once").length > 1 && heardAt("once"));
    assertSigned(second, secret);
    assert.notEqual(second.headers["overskill-alert"], first.headers["overskill-alert"]);
  });

  test("that is not taken comes again, with the same id; where it is led to, nobody hears of it", async () => {
    receiver.statuses.push(500, 302);
    const answer = await put({ webhook: receiver.url("again"), thresholds: { build_p95_ms: 1 }, new_secret: true });
    const three = await until("the third attempt", () => heardAt("again").length === 3 && heardAt("again"));
    assert.deepEqual(three.map(({ status }) => status), [500, 302, 204]);
    assert.equal(new Set(three.map(({ headers }) => headers["overskill-alert"])).size, 1);
    assert.equal(new Set(three.map(({ body }) => body)).size, 1);
    for (const attempt of three) assertSigned(attempt, answer.body.secret);
    assert.deepEqual(heardAt("elsewhere"), []);
    const delivered = await until("the delivery to be known", async () => {
      const { delivery } = await alerts();
      return delivery?.alert === three[0].headers["overskill-alert"].split("/")[1] && delivery;
    });
    assert.equal(delivered.error, null);
  });

  test("outlives the process that is to send it", async () => {
    receiver.statuses.push(503);
    const answer = await put({ webhook: receiver.url("killed"), thresholds: { script_bytes: 3_000 } });
    await until("the first attempt", () => heardAt("killed").length === 1);
    await stack.waitHealthy({ not: stack.killWorker() });
    const [, second] = await until("the second attempt", () => heardAt("killed").length > 1 && heardAt("killed"));
    assertSigned(second, answer.body.secret);
    assert.equal(second.headers["overskill-alert"], heardAt("killed")[0].headers["overskill-alert"]);
  });

  test("of builds that fail in a row is told in the feed alone where there is no webhook", async () => {
    assert.equal((await put({ thresholds: { failed_builds: 1 } })).status, 200);
    const before = receiver.heard.length;
    const { text, etag } = await app.read("src/app/routes.tsx");
    const { version } = await app.write("src/app/routes.tsx", `${text}\nexport const a: = 1\n`, etag);
    await app.feed.find("the build to fail", (event) => event.kind === "build_finished" && event.version === version && event.status === "failed");
    const told = await app.feed.find("the alert", (event) => event.kind === "alert_raised" && event.threshold === "failed_builds");
    assert.deepEqual([told.limit, told.value], [1, 1]);
    assert.equal(receiver.heard.length, before);
    const found = await metrics();
    assert.deepEqual([found.failed_builds_in_a_row, byMode(found.builds, "development").failed], [1, 1]);
    assertNoPanic(stack);
  });
});

describe("another workspace", () => {
  test("sees nothing of it", async () => {
    app.close();
    await stack.stop({ keep: true });
    const other = `osk_other_${"b".repeat(43)}`;
    const hash = createHash("sha256").update(other).digest("hex");
    stack = await startStack({ state, env: { OVERSKILL_VAR_BOOTSTRAP_TOKEN_HASH: `other:${hash}` } });
    const ask = (target) => stack.request(target, { headers: { authorization: `Bearer ${other}` } });
    assertProblem(await ask(`/v1/apps/${app.id}/metrics`), "not_found");
    assertProblem(await ask(`/v1/apps/${app.id}/alerts`), "not_found");
    const fleet = await ask("/v1/metrics");
    assert.equal(fleet.status, 200, fleet.text);
    assert.deepEqual(fleet.json().metrics.apps, []);
    const text = await ask("/metrics");
    assert.equal(text.status, 200);
    assert.ok(!text.text.includes(app.id));
    assert.equal(read(text.text).value("overskill_apps"), 0);
    assertNoPanic(stack);
  });
});
