// `cargo xtask deploy`: the product on an account, which is the double that wrangler checks. What is uploaded runs there in workerd.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { startCloudflare } from "../../xtask/local/cloudflare.mjs";
import { ACCOUNT, Api, TOKEN, ZONE, says } from "../support/cloudflare.mjs";
import { until } from "../support/wait.mjs";
import { Wrangler } from "../support/wrangler.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");
const CONSOLE = "console.one.test";
const APPS = "two.test";
const APP = `preview-abcdefgh.${APPS}`;
const CONSOLE_ZONE = "zone000000000000000000000000000a";
/** What the operator's shell has that is no concern of these specs. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC|OPENAI|WORKERS_AI|SUPABASE|CLOUDFLARE|BUILDER|SEAL)_|^OVERSKILL_(VAR_|MODEL)/.test(name)));
const PERMISSIONS = ["Zone: Read", "Workers Scripts: Edit", "Workers R2 Storage: Edit", "Queues: Edit", "Workers Routes: Edit", "DNS: Edit"];

/** An account, and a folder for what is made. */
class Operator {
  static async start(options = {}) {
    const one = new Operator();
    one.state = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-platform-"));
    const zones = [{ name: "one.test", id: CONSOLE_ZONE, records: [] }, { name: APPS, id: ZONE, records: [] }];
    one.double = await startCloudflare({ accountId: ACCOUNT, zones, tokens: [{ token: TOKEN, name: "api-token", permissions: PERMISSIONS }], ...options });
    one.api = new Api(one.double);
    one.printed = "";
    return one;
  }

  get folder() {
    return path.join(this.state, "deploy", CONSOLE);
  }

  kept(name) {
    return fs.readFileSync(path.join(this.folder, name), "utf8").trim();
  }

  /** Deploys; `{code, printed}`. What was printed is kept as well: no secret may be in it. */
  async deploy({ console: host = CONSOLE, apps = APPS, words = [], env = {}, token = TOKEN } = {}) {
    const child = spawn(process.env.OVERSKILL_XTASK, ["deploy", "--console", host, "--apps", apps, "--no-build", "--state", this.state, ...words], {
      cwd: ROOT,
      env: {
        ...ENVIRONMENT, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_URL: this.double.url, CLOUDFLARE_EDGE_URL: this.double.edgeUrl,
        OVERSKILL_DEPLOY_TIMEOUT: "60", OVERSKILL_DEPLOY_PATIENCE: "30", ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => { printed += text; });
    const code = await new Promise((resolve) => child.once("close", resolve));
    this.printed += printed;
    return { code, printed };
  }

  /** Deploys, and it works. */
  async deployed(options) {
    const { code, printed } = await this.deploy(options);
    assert.equal(code, 0, printed);
    return printed;
  }

  seen() {
    return this.api.control("state");
  }

  worker() {
    return this.seen().then(({ scripts }) => scripts.overskill);
  }

  /** What was asked that changes something, since the last look; taking away nothing, which shows a permission, changes nothing. */
  async writes() {
    const asked = await this.api.control("requests");
    await this.api.control("reset-requests", {});
    return asked.filter(({ method, path: at }) => method !== "GET" && !at.endsWith("/00000000000000000000000000000000"))
      .map(({ method, path: at }) => `${method} ${at.replace(/^\/client\/v4/, "").replace(`/accounts/${ACCOUNT}`, "").replace(/\/[0-9a-f]{32}\b/g, "/…")}`);
  }

  /** The console answers, and the first token opens the API. */
  async answers() {
    const health = await this.api.visit(CONSOLE, "/healthz");
    assert.equal(health.status, 200, health.text);
    const page = await this.api.visit(CONSOLE, "/", { headers: { accept: "text/html" } });
    assert.deepEqual([page.status, page.headers["content-type"].split(";")[0]], [200, "text/html"]);
    for (const [, script] of page.text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)) {
      const answer = await this.api.visit(CONSOLE, script);
      assert.equal(answer.status, 200, script);
      assert.match(answer.headers["content-type"], /javascript|css/, script);
    }
    const apps = await this.api.visit(CONSOLE, "/v1/apps", { headers: { authorization: `Bearer ${this.kept("token")}` } });
    assert.deepEqual([apps.status, apps.json().apps], [200, []], apps.text);
  }

  /** Neither the token nor a secret was printed, or told by the double. */
  async keeps(...more) {
    const secrets = fs.existsSync(this.folder) ? fs.readdirSync(this.folder).map((name) => this.kept(name)) : [];
    const told = JSON.stringify([await this.api.control("requests"), await this.seen()]);
    for (const secret of [TOKEN, ...secrets, ...more]) {
      assert.deepEqual([this.printed.includes(secret), told.includes(secret)], [false, false]);
    }
  }

  async stop() {
    await this.double.stop();
    fs.rmSync(this.state, { recursive: true, force: true });
  }
}

/** The configuration with something else in it, as a file of its own. */
function configuration(folder, change) {
  const file = path.join(folder, "wrangler.toml");
  fs.writeFileSync(file, change(fs.readFileSync(path.join(ROOT, "wrangler.toml"), "utf8")));
  return file;
}

/** Another build of the Worker: the one that there is, with another main module. */
function build(folder, change) {
  fs.cpSync(path.join(ROOT, "build"), path.join(folder, "build"), { recursive: true });
  const main = path.join(folder, "build/index.js");
  fs.writeFileSync(main, change(fs.readFileSync(main, "utf8")));
  return configuration(folder, (text) => text.replace('main = "build/index.js"', `main = ${JSON.stringify(main)}`));
}

describe("the first deployment and those after it", { timeout: 500_000 }, () => {
  let operator;
  let first;

  before(async () => {
    operator = await Operator.start();
    first = await operator.deployed();
  });
  after(() => operator?.stop());

  test("make everything that there has to be, and the console answers", async () => {
    await operator.answers();
    const state = await operator.seen();
    const { overskill } = state.scripts;
    assert.deepEqual(Object.keys(state.buckets).sort(), ["overskill-assets", "overskill-blobs", "overskill-published"]);
    assert.deepEqual(state.queues.map(({ queue_name, consumers }) => [queue_name, consumers]), [["overskill-builds", ["overskill"]], ["overskill-builds-dead", ["overskill"]]]);
    assert.deepEqual(state.domains, [{ hostname: CONSOLE, service: "overskill" }]);
    const [, zone] = state.zones;
    assert.deepEqual(zone.routes.map(({ pattern, script }) => [pattern, script]), [[`*.${APPS}/*`, "overskill"]]);
    assert.deepEqual(zone.records, [{ type: "AAAA", name: `*.${APPS}`, content: "100::", proxied: true }]);
    assert.deepEqual(overskill.secrets.sort(), ["BOOTSTRAP_TOKEN_HASH", "BUILDER_TOKEN", "CLOUDFLARE_API_TOKEN", "SEAL_KEYS"]);
    const told = Object.fromEntries(overskill.bindings.map(({ name, type, text }) => [name, text ?? type]));
    const expected = {
      CONSOLE_HOST: CONSOLE, APPS_DOMAIN: APPS, CLOUDFLARE_ACCOUNT_ID: ACCOUNT, CLOUDFLARE_ZONE_ID: ZONE, CLOUDFLARE_PLATFORM: "overskill", BUILDER: "url", BUILDER_URL: "",
      MODEL: "offline", OPERATOR_WORKSPACE: "operator", CONVERSATIONS: "durable_object_namespace", LOADER: "worker_loader", CONSOLE: "assets", BUILDS: "queue", BLOBS: "r2_bucket",
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, told[name]])), expected);
    assert.ok(overskill.classes.includes("Conversation") && overskill.classes.includes("Hostname"), overskill.classes.join());
    assert.ok(overskill.assets.includes("/index.html") && overskill.assets.includes("/foundation.json"), overskill.assets.join());
    // An app that is not there is refused by the Worker, and not by Cloudflare.
    const app = await operator.api.visit(APP, "/");
    assert.deepEqual([app.status, app.headers["x-double"]], [404, undefined]);
  });

  test("say what is left to do, and where the token is, and show no secret", async () => {
    for (const line of [/nothing is built without a builder: .*BUILDER_TOKEN_HASH=[0-9a-f]{64}/, /apps keep no records without a Supabase project/, /the built-in planner answers alone/]) assert.match(first, line);
    assert.ok(first.includes(path.join(operator.folder, "token")), first);
    for (const name of fs.readdirSync(operator.folder)) assert.equal(fs.statSync(path.join(operator.folder, name)).mode & 0o777, 0o600, name);
    await operator.keeps();
  });

  test("change nothing where everything is as it is to be", async () => {
    await operator.writes();
    const before = await operator.seen();
    const printed = await operator.deployed();
    assert.deepEqual(await operator.writes(), []);
    assert.deepEqual(await operator.seen(), before);
    assert.match(printed, /the Worker overskill is there as it is to be/);
    const check = await operator.deployed({ words: ["--check"] });
    assert.match(check, /✓ there: the Worker overskill/);
    assert.deepEqual(await operator.writes(), []);
  });

  test("bring new code and settings with one upload, and replace no secret", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-build-"));
    const [kept, before] = [operator.kept("seal-keys"), await operator.worker()];
    const env = { OVERSKILL_WRANGLER: build(folder, (text) => `${text}\n// another\n`), BUILDER_URL: "https://builder.test", OPENAI_API_KEY: "sk-of-the-operator" };
    await operator.deployed({ env });
    assert.deepEqual((await operator.writes()).map((one) => one.replace(/ \/workers\/scripts\/overskill/, " …")), ["POST …/assets-upload-session", "PUT …"]);
    const now = await operator.worker();
    assert.equal(now.versions.length, before.versions.length + 1);
    assert.deepEqual(now.secrets.sort(), [...before.secrets, "OPENAI_API_KEY"].sort());
    assert.equal(operator.kept("seal-keys"), kept);
    // The operator need not say it again, and the secrets are those of before: the first token still opens it.
    const printed = await operator.deployed({ env: { OVERSKILL_WRANGLER: env.OVERSKILL_WRANGLER } });
    assert.doesNotMatch(printed, /nothing is built without a builder|built-in planner/);
    const text = (name) => operator.worker().then(({ bindings }) => bindings.find((one) => one.name === name)?.text);
    assert.deepEqual([await text("BUILDER_URL"), await text("MODEL")], ["https://builder.test", "gpt-6.1-sol"]);
    await operator.answers();
    await operator.keeps("sk-of-the-operator");
    fs.rmSync(folder, { recursive: true });
  });

  test("give it the dispatch namespace that apps are to be deployed into", async () => {
    const env = { OVERSKILL_VAR_CLOUDFLARE_NAMESPACE: "apps" };
    assert.match(await operator.deployed({ env, words: ["--check"] }), /→ to be made: the dispatch namespace apps/);
    assert.match(await operator.deployed({ env }), /✓ the dispatch namespace apps is made/);
    assert.deepEqual(Object.keys((await operator.seen()).namespaces), ["apps"]);
    const { bindings } = await operator.worker();
    assert.deepEqual(bindings.find(({ name }) => name === "DISPATCHER"), { name: "DISPATCHER", type: "dispatch_namespace", namespace: "apps" });
    await operator.answers();
    assert.doesNotMatch(await operator.deployed(), /dispatch namespace/);
  });

  test("know the secrets of the account where the folder is gone", async () => {
    const token = operator.kept("token");
    fs.renameSync(path.join(operator.state, "deploy"), path.join(operator.state, "elsewhere"));
    const printed = await operator.deployed();
    assert.match(printed, /token {4}where the first deployment was made/);
    assert.ok(!fs.existsSync(operator.folder));
    fs.renameSync(path.join(operator.state, "elsewhere"), path.join(operator.state, "deploy"));
    assert.equal(operator.kept("token"), token);
    await operator.answers();
  });

  test("put the version before back where the next one does not work", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-build-"));
    const before = (await operator.worker()).deployments[0].versions;
    const broken = build(folder, () => `export * from "./other.js"; export default { fetch: () => new Response("broken", { status: 503 }) };`);
    fs.copyFileSync(path.join(ROOT, "build/index.js"), path.join(folder, "build/other.js"));
    const { code, printed } = await operator.deploy({ env: { OVERSKILL_WRANGLER: broken, OVERSKILL_DEPLOY_PATIENCE: "1" } });
    assert.equal(code, 1);
    assert.match(printed, /the Worker does not work: \/healthz is 503\. The version before answers again/);
    assert.deepEqual((await operator.worker()).deployments[0].versions, before);
    await operator.answers();
    fs.rmSync(folder, { recursive: true });
  });

  test("refuse another console, and sources that are older than what is there", async () => {
    await operator.writes();
    const moved = await operator.deploy({ console: "other.one.test" });
    assert.equal(moved.code, 1);
    assert.match(moved.printed, /has CONSOLE_HOST console\.one\.test, and not other\.one\.test/);
    const older = configuration(operator.state, (text) => text.replaceAll('tag = "v3"', 'tag = "v2b"'));
    const { code, printed } = await operator.deploy({ env: { OVERSKILL_WRANGLER: older } });
    assert.equal(code, 1);
    assert.match(printed, /has the migration `v3`, which wrangler\.toml does not know/);
    assert.deepEqual(await operator.writes(), []);
  });
});

describe("what is refused before anything is changed", { timeout: 300_000 }, () => {
  let operator;

  before(async () => (operator = await Operator.start()));
  beforeEach(() => operator.api.control("token", { token: TOKEN, name: "api-token", permissions: PERMISSIONS }));
  after(() => operator?.stop());

  async function refused(options, ...expected) {
    const before = await operator.seen();
    const { code, printed } = await operator.deploy(options);
    assert.equal(code, 1, printed);
    for (const one of expected) assert.ok(printed.includes(one), `${one}\n${printed}`);
    const tokens = ({ tokens: _, ...rest }) => rest;
    assert.deepEqual(tokens(await operator.seen()), tokens(before));
    assert.deepEqual(await operator.writes(), []);
    assert.ok(!fs.existsSync(operator.folder), "nothing is made");
    await operator.keeps();
    return printed;
  }

  test("a token that lacks permissions, with all that it lacks", async () => {
    const permit = (permissions) => operator.api.control("token", { token: TOKEN, name: "api-token", permissions });
    await permit(["Zone: Read"]);
    const [scripts, r2, queues, routes, dns] = ["Workers Scripts: Edit, for the account", "Workers R2 Storage: Edit, for the account", "Queues: Edit, for the account", `Workers Routes: Edit, for the zone ${APPS}`, `DNS: Edit, for the zone ${APPS}`];
    await refused({}, scripts, r2, queues, routes, dns, "Nothing was changed");
    // Whoever may read only may not deploy.
    await permit(PERMISSIONS.map((one) => (/^(Queues|DNS)/.test(one) ? one.replace("Edit", "Read") : one)));
    const printed = await refused({}, queues, dns);
    for (const one of [scripts, r2, routes]) assert.ok(!printed.includes(one), one);
    await permit(["Workers Scripts: Edit", "Queues: Edit"]);
    await refused({}, `Zone: Read, for the zone of ${CONSOLE} (neither ${CONSOLE} nor one.test is to be seen`, `Zone: Read, for the zone of ${APPS}`, r2);
    await refused({ words: ["--check"] }, r2);
  });

  test("a token that is none, or is not active any more", async () => {
    await refused({ token: "not-the-token" }, "CLOUDFLARE_API_TOKEN", "it is no token that is active");
    await operator.api.control("token", { token: TOKEN, name: "api-token", status: "disabled" });
    await refused({}, "CLOUDFLARE_API_TOKEN");
    await refused({ token: "" }, "CLOUDFLARE_API_TOKEN is not set");
  });

  test("console and apps on one domain, and hosts that are in no zone of the account", async () => {
    await refused({ console: "console.two.test" }, "share the domain two.test");
    await refused({ console: "console.three.test" }, "Zone: Read, for the zone of console.three.test");
    await refused({ apps: "https://two.test" }, "without scheme, port or path");
  });

  test("what somebody else has", async () => {
    const at = (host) => `/zones/${ZONE}${host}`;
    const record = await operator.api.must("POST", at("/dns_records"), { json: { type: "A", name: `*.${APPS}`, content: "192.0.2.1", proxied: false } });
    await operator.writes();
    await refused({}, `the A record of *.${APPS} leads past Cloudflare`);
    await operator.api.must("DELETE", at(`/dns_records/${record.id}`));
    await operator.api.deploy("overskill", says("another"));
    await operator.writes();
    await refused({}, "another Worker that is called overskill");
    await operator.api.must("DELETE", "/workers/scripts/overskill");
    await operator.api.deploy("shop", says("shop"));
    const route = await operator.api.must("POST", at("/workers/routes"), { json: { pattern: `*.${APPS}/*`, script: "shop" } });
    await operator.writes();
    await refused({}, `the route *.${APPS}/* leads to shop already`);
    await operator.api.must("DELETE", at(`/workers/routes/${route.id}`));
    await operator.api.must("PUT", "/workers/domains", { json: { hostname: CONSOLE, service: "shop", zone_id: CONSOLE_ZONE } });
    await operator.writes();
    await refused({}, `${CONSOLE} leads to the Worker shop already`);
  });

  test("settings that there are not", async () => {
    await refused({ env: { OVERSKILL_VAR_MODLE: "gpt" } }, "MODLE is set, and wrangler.toml has no such variable");
    await refused({ env: { BUILDER_URL: "http://builder.test" } }, "it must begin with https://");
    const more = configuration(operator.state, (text) => `${text}\n[[kv_namespaces]]\nbinding = "KV"\nid = "1"\n`);
    await refused({ env: { OVERSKILL_WRANGLER: more } }, "unknown field `kv_namespaces`");
  });
});

describe("what fails at a step", { timeout: 500_000 }, () => {
  // Each step that changes something: what is asked, and whether it is done although nobody hears of it.
  const STEPS = [
    ["POST", "/r2/buckets$", { status: 500 }],
    ["POST", "/queues$", { close: "after" }],
    ["POST", "/assets-upload-session$", { status: 400, code: 10300 }],
    ["POST", "/workers/assets/upload$", { status: 400, code: 10300 }],
    ["PUT", "/scripts/overskill$", { status: 500 }],
    ["PUT", "/scripts/overskill$", { timeout: true, done: true }],
    ["POST", "/consumers$", { close: "before" }],
    ["PUT", "/workers/domains$", { status: 409, code: 100117 }],
    ["POST", "/workers/routes$", { status: 500 }],
    ["POST", "/dns_records$", { close: "after" }],
  ];

  let operator;

  before(async () => (operator = await Operator.start()));
  after(() => operator?.stop());

  test("leaves what was there, and another run goes on from there", async () => {
    let token;
    for (const [method, at, effect] of STEPS) {
      await operator.api.control("fault", { method, path: at, effect });
      const env = effect.timeout ? { OVERSKILL_DEPLOY_TIMEOUT: "8" } : {};
      const { code, printed } = await operator.deploy({ env });
      assert.equal(code, 1, `${method} ${at}\n${printed}`);
      assert.match(printed, /run the same again/, `${method} ${at}`);
      assert.deepEqual((await operator.seen()).faults, [], `${method} ${at} was not asked:\n${printed}`);
      // Whoever does not hear of an upload in time goes on no earlier than it is done.
      if (effect.done) await until("the Worker", async () => operator.worker());
      // What was made at the first run is what all others use.
      if (fs.existsSync(path.join(operator.folder, "token"))) assert.equal(operator.kept("token"), (token ??= operator.kept("token")));
    }
    await operator.deployed();
    assert.ok(token);
    const { scripts, queues, zones, domains, orphans } = await operator.seen();
    // It was uploaded once, though nobody heard of it.
    assert.equal(scripts.overskill.versions.length, 1);
    assert.deepEqual(queues.map(({ queue_name, consumers }) => [queue_name, consumers.length]), [["overskill-builds", 1], ["overskill-builds-dead", 1]]);
    assert.deepEqual([zones[1].routes.length, zones[1].records.length, domains.length], [1, 1, 1]);
    assert.deepEqual(Object.values(orphans).flat(), []);
    await operator.answers();
    await operator.keeps();
  });

  test("leaves the version that is live, at each step of an update", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-build-"));
    const env = { OVERSKILL_WRANGLER: build(folder, (text) => `${text}\n// an update\n`) };
    fs.writeFileSync(path.join(folder, "build/static/new.txt"), "a file that the account does not have");
    fs.writeFileSync(env.OVERSKILL_WRANGLER, fs.readFileSync(env.OVERSKILL_WRANGLER, "utf8").replace('directory = "build/static"', `directory = ${JSON.stringify(path.join(folder, "build/static"))}`));
    const before = (await operator.worker()).deployments[0].id;
    for (const [method, at, effect] of STEPS.slice(2, 5)) {
      await operator.api.control("fault", { method, path: at, effect });
      const { code, printed } = await operator.deploy({ env });
      assert.equal(code, 1, `${method} ${at}\n${printed}`);
      assert.equal((await operator.worker()).deployments[0].id, before);
      await operator.answers();
    }
    await operator.deployed({ env });
    assert.notEqual((await operator.worker()).deployments[0].id, before);
    await operator.answers();
    fs.rmSync(folder, { recursive: true });
  });
});

describe("Cloudflare's wrangler", { timeout: 300_000 }, () => {
  let operator;
  let wrangler;

  before(async () => {
    operator = await Operator.start();
    await operator.deployed();
    wrangler = await Wrangler.start();
  });
  after(async () => {
    await wrangler?.stop();
    await operator?.stop();
  });

  const byName = (list) => Object.fromEntries(list.map(({ name, ...rest }) => [name, rest]));

  /** The upload of the Worker and the consumers of its queues, as they were asked for. */
  async function asked(api) {
    const requests = await api.control("requests");
    const put = requests.find(({ method, path: at }) => method === "PUT" && at.endsWith("/workers/scripts/overskill"));
    const [{ json: metadata }, ...modules] = put.multipart;
    const session = requests.find(({ path: at }) => at.endsWith("/assets-upload-session"));
    const files = requests.filter(({ path: at }) => at.endsWith("/workers/assets/upload")).flatMap(({ multipart }) => multipart.map(({ name, content_type }) => [name, content_type]));
    const consumers = requests.filter(({ method, path: at }) => method === "POST" && at.endsWith("/consumers")).map(({ json, headers }) => [json.settings, json.dead_letter_queue, headers["content-type"]]);
    // What only we say of it: the tag by which we know it again, and what the operator has in secrets and settings.
    const { bindings, annotations: _, assets, ...rest } = metadata;
    const bound = byName(bindings.filter(({ type }) => type !== "secret_text").map((one) => (one.type === "plain_text" ? { ...one, text: "" } : one)));
    const sent = modules.map(({ name, content_type, sha256 }) => [name, content_type, sha256]).sort();
    return { query: put.query, rest, bound, config: assets.config, sent, manifest: session.json.manifest, files: files.sort(), consumers: consumers.sort() };
  }

  test("would upload the same of the same file", async () => {
    const text = fs.readFileSync(path.join(ROOT, "wrangler.toml"), "utf8");
    const files = JSON.stringify(path.join(ROOT, "build/static"));
    wrangler.write({ "wrangler.toml": `no_bundle = true\nfind_additional_modules = true\n${text.replace('"build/static"', files)}` });
    // It takes whatever lies below the main module for a module, by its name.
    fs.mkdirSync(path.join(wrangler.folder, "build"));
    for (const name of ["index.js", "index_bg.wasm", "syntax.wasm"]) fs.copyFileSync(path.join(ROOT, "build", name), path.join(wrangler.folder, "build", name));
    for (const name of ["overskill-blobs", "overskill-assets"]) await wrangler.api.must("POST", "/r2/buckets", { json: { name } });
    for (const queue_name of ["overskill-builds", "overskill-builds-dead"]) await wrangler.api.must("POST", "/queues", { json: { queue_name } });
    await wrangler.run(["deploy"]);
    assert.deepEqual(await asked(operator.api), await asked(wrangler.api));
  });
});
