// Domains of people's own: nobody has one before its DNS shows that it is theirs, and then it is their app's alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { ZONE, startOnAccount } from "../support/cloudflare.mjs";
import { config, live } from "../support/deployments.mjs";
import { Dns } from "../support/dns.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

const HOST = "www.recipes-of-anna.com";

const domainsOf = async (app) => (await app.get("/domains")).domains;
const domainOf = async (app, host = HOST) => (await domainsOf(app)).find((domain) => domain.host === host);

async function add(app, host = HOST) {
  const answer = await app.api("POST", "/domains", { host });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.domain;
}

/** Looks now, and waits until the domain is so far. */
async function checked(app, is, host = HOST) {
  const answer = await app.api("POST", `/domains/${host}/check`);
  assert.equal(answer.status, 202, answer.text);
  return until(`${host} to be so far`, async () => {
    const domain = await domainOf(app, host);
    return domain.checked_at > answer.body.domain.checked_at && is(domain) && domain;
  });
}

describe("a domain, served from here", () => {
  let dns;
  let stack;
  let app;
  let other;
  const visit = (host, path = "/", options = {}) => stack.request(path, { host: `${host}:${stack.port}`, ...options });

  before(async () => {
    dns = await Dns.start();
    stack = await startStack({ env: { OVERSKILL_VAR_DNS_URL: dns.url } });
    [app, other] = [await App.create(stack), await App.create(stack)];
    await app.completed();
    await app.settled();
    await other.completed();
    await other.settled();
    await live(app, "production");
    await live(other, "production");
  });

  after(async () => {
    app?.close();
    other?.close();
    await stack?.stop();
    await dns?.stop();
  });

  test("that is none, or one of the platform's, is refused with what to do", async () => {
    for (const [host, why] of [
      ["https://www.recipes.com/", /without `https:\/\/`/], ["127.0.0.1", /a host name/], ["bücher.de", /xn--/], ["printer.local", /registered/],
      ["*.recipes.com", /a host name/],
    ]) assertProblem(await app.api("POST", "/domains", { host }), "invalid", why);
    assertProblem(await app.api("DELETE", `/domains/${HOST}`), "not_found", /no domain/);
    assertProblem(await app.api("POST", `/domains/${HOST}/check`), "not_found", /no domain/);
    assert.deepEqual(await domainsOf(app), []);
  });

  test("leads nowhere before its DNS shows whose it is", async () => {
    const domain = await add(app);
    const production = new URL((await app.show()).production_url).hostname;
    assert.equal(domain.status, "pending");
    assert.deepEqual(domain.records.map(({ type, name, value }) => [type, name, value.replace(/[0-9a-f]{32}$/, "…")]), [
      ["TXT", `_overskill.${HOST}`, "overskill-verification=…"], ["CNAME", HOST, production],
    ]);
    assertProblem(await app.api("POST", "/domains", { host: HOST.toUpperCase() }), "conflict", /already/);
    await until("a first look", async () => (await domainOf(app)).problem === `There is no TXT record \`_overskill.${HOST}\` yet.`);
    // Where it leads to proves nothing.
    dns.set(domain, "CNAME");
    dns.records[`_overskill.${HOST}`] = { TXT: [`overskill-verification=${"0".repeat(32)}`] };
    const { status } = await checked(app, ({ problem }) => /says something else/.test(problem));
    assert.equal(status, "pending");
    assert.equal((await visit(HOST)).status, 404);
  });

  test("leads to the app's production as soon as it does, and to nothing else", async () => {
    const domain = await domainOf(app);
    delete dns.records[HOST];
    dns.set(domain, "TXT");
    const proven = await checked(app, ({ status }) => status === "proven");
    assert.match(proven.problem, /leads nowhere yet/);
    dns.records[HOST] = { CNAME: "elsewhere.example" };
    await checked(app, ({ problem }) => /leads to `elsewhere.example`, and not to/.test(problem));
    dns.set(domain, "CNAME");
    const active = await checked(app, ({ status }) => status === "active");
    assert.deepEqual([active.problem, active.next_check_at], [null, null]);
    assert.equal(active.url, `http://${HOST}:${stack.port}`);

    const page = await visit(HOST, "/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    assert.deepEqual(config(page.text), { app_id: app.id, environment: "production" });
    assert.equal(page.headers["x-robots-tag"], undefined);
    const data = await visit(HOST, "/rest/v1/nothing", { headers: { apikey: `sb_publishable_${app.id}` } });
    assert.match(data.headers["content-type"], /json/, "its data is there too");
    for (const host of [`a.${HOST}`, "recipes-of-anna.com", `${HOST}.evil.com`]) assert.equal((await visit(host)).status, 404, host);
    assert.equal((await visit(HOST, "/v1/apps")).headers["content-type"].includes("json"), false, "the API is not there");
    const told = app.feed.of("domain_changed").map(({ host, status, deleted }) => [host, status, deleted]);
    assert.deepEqual(told.at(-1), [HOST, "active", false]);
  });

  test("is no other app's, whoever shows that it is theirs", async () => {
    dns.set(await add(other), "TXT");
    const taken = await checked(other, ({ problem }) => /Another app/.test(problem));
    assert.equal(taken.status, "pending");
    assert.equal(config((await visit(HOST)).text).app_id, app.id);
  });

  test("is free once it was removed, and then whoever's proof is there", async () => {
    assert.equal((await app.api("DELETE", `/domains/${HOST}`)).status, 204);
    await until("it to lead nowhere", async () => (await visit(HOST)).status === 404);
    const [{ records }] = await domainsOf(other);
    dns.records[HOST] = { CNAME: records[1].value };
    await checked(other, ({ status }) => status === "active");
    await until("the other app to be there", async () => config((await visit(HOST)).text).app_id === other.id);
  });

  test("is added once for a key, and outlives the process", async () => {
    const host = "shop.recipes-of-anna.com";
    const [one, same] = [await app.api("POST", "/domains", { host }, { "idempotency-key": "shop" }), await app.api("POST", "/domains", { host }, { "idempotency-key": "shop" })];
    assert.deepEqual([one.status, same.status, same.body], [201, 201, one.body]);
    dns.set(one.body.domain, "TXT", "CNAME");
    await checked(app, ({ status }) => status === "active", host);
    await stack.waitHealthy({ not: stack.killWorker() });
    assert.equal(config((await visit(host)).text).app_id, app.id);
  });

  test("where the DNS cannot be asked, that is what is said", async () => {
    const host = "blog.recipes-of-anna.com";
    dns.status = 2;
    await add(app, host);
    await until("a look", async () => (await domainOf(app, host)).problem === "The DNS could not be asked.");
    dns.status = 0;
  });

  test("goes with its app", async () => {
    assert.equal((await other.api("DELETE", "")).status, 204);
    await until("it to lead nowhere", async () => (await visit(HOST)).status === 404);
    // Its name is given back a moment later.
    dns.set(await add(app), "TXT", "CNAME");
    await until("it to be free", async () => (await checked(app, () => true)).status === "active");
  });

  test("no panic", () => assertNoPanic(stack));
});

describe("a domain on an account", () => {
  let account;
  let api;
  let dns;
  let stack;
  let app;
  const state = () => api.control("state");
  const patterns = async () => (await api.must("GET", `/zones/${ZONE}/workers/routes`)).map(({ pattern }) => pattern).sort();

  before(async () => {
    dns = await Dns.start();
    account = await startOnAccount({ DNS_URL: dns.url });
    ({ api, stack } = account);
    app = await App.create(stack);
    await app.completed();
    await app.settled();
  });

  after(async () => {
    app?.close();
    await account?.stop();
    await dns?.stop();
  });

  test("gets a certificate when it is theirs, and not before", async () => {
    const domain = await add(app);
    await until("a look", async () => (await domainOf(app)).problem);
    assert.deepEqual(await api.must("GET", `/zones/${ZONE}/custom_hostnames`), []);
    dns.set(domain, "TXT", "CNAME");
    const proven = await checked(app, ({ status }) => status !== "pending");
    assert.deepEqual([proven.status, /certificate/.test(proven.problem)], ["proven", true], proven.problem);
    await until("the certificate", async () => (await checked(app, () => true)).status === "active");
    assert.equal((await api.must("GET", `/zones/${ZONE}/custom_hostnames`)).length, 1);
  });

  test("leads to the app's own Worker once that is there, through each deployment", async () => {
    assert.deepEqual(await patterns(), [], "there is no Worker yet");
    const { url } = await live(app, "production");
    assert.deepEqual(await patterns(), [`${new URL(url).host}/*`, `${HOST}/*`].sort());
    assert.equal(config((await api.visit(HOST)).text).app_id, app.id);
    await live(app, "production");
    assert.deepEqual(await patterns(), [`${new URL(url).host}/*`, `${HOST}/*`].sort());
    const second = "shop.recipes-of-anna.com";
    dns.set(await add(app, second), "TXT", "CNAME");
    await until("the second", async () => (await checked(app, () => true, second)).status === "active");
    assert.equal(config((await api.visit(second)).text).app_id, app.id);
    assert.equal(config((await api.visit(HOST)).text).app_id, app.id);
  });

  test("stays when another app, which wanted it in vain, gives up or goes", async () => {
    const other = await App.create(stack);
    await other.completed();
    await other.settled();
    dns.set(await add(other), "TXT");
    await checked(other, ({ problem }) => /Another app/.test(problem));
    assert.equal((await other.api("DELETE", `/domains/${HOST}`)).status, 204);
    await until("it to be let go of", async () => (await other.api("POST", "/domains", { host: HOST })).status === 201);
    await until("a look", async () => (await domainOf(other)).problem);
    other.close();
    assert.equal((await other.api("DELETE", "")).status, 204);
    const gone = ({ method, path }) => method === "DELETE" && path.endsWith(`/app-${other.id}-production`);
    await until("the other app to be gone", async () => (await api.control("requests")).some(gone));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await api.must("GET", `/zones/${ZONE}/custom_hostnames`)).length, 2);
    assert.equal(config((await api.visit(HOST)).text).app_id, app.id);
  });

  test("is gone there as well once it was removed, and with its app", async () => {
    assert.equal((await app.api("DELETE", `/domains/${HOST}`)).status, 204);
    await until("its hostname to be gone", async () => (await api.must("GET", `/zones/${ZONE}/custom_hostnames`)).length === 1);
    assert.ok(!(await patterns()).includes(`${HOST}/*`));
    assert.equal((await api.visit("shop.recipes-of-anna.com")).status, 200);
    assert.equal((await app.api("DELETE", "")).status, 204);
    await until("all to be gone", async () => (await api.must("GET", `/zones/${ZONE}/custom_hostnames`)).length === 0);
    assert.deepEqual(Object.keys((await state()).scripts), []);
  });

  test("no panic", () => assertNoPanic(stack));
});
