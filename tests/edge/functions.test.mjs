// Functions: what of an app runs in its Worker, what it is told that nobody else is, and whom it may ask.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { config, live } from "../support/deployments.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";
import { until } from "../support/wait.mjs";

const SECRET = "not-for-anybody-4711-eyes";
const HELLO = `import { greet } from "./lib/greet"

export default {
  async fetch(request: Request, env: Record<string, string>) {
    const { pathname } = new URL(request.url)
    return Response.json({ greeting: greet(env.TITLE ?? "nobody"), pathname, method: request.method, said: await request.text(), key: env.API_KEY ?? null, app: env.OVERSKILL_APP, environment: env.OVERSKILL_ENVIRONMENT, names: Object.keys(env).sort() }, { status: 201, headers: { "x-mine": "1" } })
  },
}
`;
const ASKS = `export default {
  async fetch(request: Request) {
    const address = new URL(request.url).searchParams.get("address")!
    try {
      const answer = await fetch(address, { headers: { authorization: "Bearer mine" } })
      return Response.json({ status: answer.status, text: await answer.text() })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  },
}
`;

let stack;
let app;
/** Somebody else's service, and one that nobody has allowed. */
let service;
let other;

async function serve(answer) {
  const server = http.createServer(answer);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { server, host: `localhost:${server.address().port}`, url: `http://localhost:${server.address().port}` };
}

before(async () => {
  other = await serve((_, answer) => answer.end("never"));
  service = await serve((request, answer) => {
    if (request.url === "/away") answer.writeHead(302, { location: `${other.url}/` });
    if (request.url === "/on") answer.writeHead(302, { location: "/there" });
    answer.end(`${request.url} ${request.headers.authorization}`);
  });
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  await stack?.stop();
  service?.server.close();
  other?.server.close();
});

const visit = (url, target, options = {}) => stack.request(target, { host: new URL(url).host, ...options });

/** Writes files one after the other; the end of the last one's build. */
async function written(files) {
  let version;
  for (const [name, text] of Object.entries(files)) {
    const known = await app.fileCall("GET", name);
    ({ version } = await app.write(name, text, known.status === 200 ? known.headers.etag : undefined));
  }
  return app.feed.find(`the build of version ${version}`, (event) => event.kind === "build_finished" && event.version === version);
}

const set = (environment, name, kind, value) => app.api("PUT", `/env/${environment}/${name}`, { kind, value });

describe("a function", () => {
  test("answers at /api/<name> and below, to whatever method", async () => {
    const end = await written({
      "functions/lib/greet.ts": "export const greet = (name: string) => `hello ${name}`\n",
      "functions/hello.ts": HELLO,
    });
    assert.equal(end.status, "succeeded", JSON.stringify(end));
    await until("the preview", async () => await app.served() === end.version);
    for (const [target, method, body] of [["/api/hello", "GET"], ["/api/hello/a/b?c=1", "POST", "said"], ["/api/hello", "DELETE"]]) {
      const answer = await app.preview(target, { method, body });
      assert.equal(answer.status, 201, answer.text);
      assert.equal(answer.headers["x-mine"], "1");
      const { greeting, pathname, method: seen, said, environment } = answer.json();
      assert.deepEqual({ greeting, pathname, seen, said, environment }, { greeting: "hello nobody", pathname: target.split("?")[0], seen: method, said: body ?? "", environment: "preview" });
    }
    for (const target of ["/api/helloo", "/api/none", "/api/constructor", "/api/lib", "/overskill-functions/hello.js"]) assert.equal((await app.preview(target)).status, 404, target);
    const page = await app.preview("/", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
  });

  test("that fails is a 500, and the app goes on", async () => {
    const end = await written({
      "functions/throws.ts": 'export default { fetch(): Response { throw new Error("mine") } }\n',
      "functions/nothing.ts": "export const fetch = () => null\n",
      "functions/breaks.ts": 'throw new Error("at once")\nexport default { fetch: () => new Response("never") }\n',
      "functions/_shared.ts": "export const shared = 1\n",
      "functions/hello.test.ts": "export const checks = 1\n",
      "functions/bare.ts": 'export default (_: Request) => new Response("bare")\n',
      "functions/reaches.ts": `export default {
  async fetch(request: Request, env: Record<string, string>, context: object) {
    const name = "workers"
    const { env: all, exports: mine } = await import(/* @vite-ignore */ \`cloudflare:\${name}\`)
    return Response.json({ env: Object.keys(all ?? {}), exports: Object.keys(mine ?? {}), told: Object.keys(env).sort(), context: Object.keys(context), url: request.url })
  },
}
`,
      "functions/named.ts": 'export const fetch = () => new Response("named")\n',
    });
    assert.equal(end.status, "succeeded", JSON.stringify(end));
    await until("the preview", async () => await app.served() === end.version);
    // Whoever builds the app sees why; visitors of what is deployed do not (below).
    for (const [name, why] of [["throws", "Error: mine"], ["nothing", "TypeError: what it answers is no Response"], ["breaks", "Error: at once"]]) {
      const answer = await app.preview(`/api/${name}`);
      assert.deepEqual([answer.status, answer.text], [500, `This function failed: ${why}\n`], name);
    }
    const bare = await app.preview("/api/bare");
    assert.deepEqual([bare.status, bare.text, bare.headers["x-robots-tag"], bare.headers["x-content-type-options"]], [200, "bare", "noindex", "nosniff"]);
    assert.match(bare.headers["content-security-policy"], /frame-ancestors/);
    assert.equal((await app.preview("/api/named")).text, "named");
    const { env, exports, told, context } = (await app.preview("/api/reaches")).json();
    assert.deepEqual({ env, exports, told, context }, { env: [], exports: [], told: ["OVERSKILL_APP", "OVERSKILL_ENVIRONMENT"], context: ["waitUntil"] }, "no binding of the platform's");
    assert.equal((await app.preview("/api/hello")).status, 201);
  });

  test("that cannot run there does not build, and the preview stays", async () => {
    const version = await app.served();
    const end = await written({ "functions/node.ts": 'import { connect } from "cloudflare:sockets"\nexport default { fetch: () => new Response(String(connect)) }\n' });
    assert.equal(end.status, "failed");
    assert.match(JSON.stringify(end.diagnostics), /cloudflare:sockets/);
    assert.equal(await app.served(), version);
    const { etag } = await app.read("functions/node.ts");
    assert.ok((await app.fileCall("DELETE", "functions/node.ts", { headers: { "if-match": etag } })).status < 300);
    await app.settled();
  });
});

describe("a secret variable", () => {
  test("is told to functions of its environment, and shown to nobody", async () => {
    const answer = await set("preview", "API_KEY", "secret", SECRET);
    assert.equal(answer.status, 200, answer.text);
    const { variable } = answer.body;
    assert.deepEqual({ ...variable, set_at: 0 }, { environment: "preview", name: "API_KEY", kind: "secret", value: null, by: "set-up", set_at: 0 });
    assert.equal((await set("preview", "TITLE", "public", "Recipes")).status, 200);
    const said = (await app.preview("/api/hello")).json();
    assert.deepEqual([said.key, said.greeting], [SECRET, "hello Recipes"]);
    assert.deepEqual(said.names, ["API_KEY", "OVERSKILL_APP", "OVERSKILL_ENVIRONMENT", "TITLE"]);

    const page = await app.preview("/", { headers: { accept: "text/html" } });
    assert.deepEqual(config(page.text).variables, { TITLE: "Recipes" });
    const list = await app.api("GET", "/env");
    assert.deepEqual(list.body.variables.find(({ name }) => name === "API_KEY"), variable);
    const told = await app.feed.find("who set it", (event) => event.kind === "variable_changed" && event.name === "API_KEY");
    assert.deepEqual([told.environment, told.variable, told.deleted, told.by], ["preview", "secret", false, "set-up"]);
    for (const text of [page.text, list.text, JSON.stringify(app.feed.events)]) assert.ok(!text.includes(SECRET));
  });

  test("is sealed wherever it is stored, and in no log", () => {
    const files = fs.readdirSync(stack.state, { recursive: true }).map((name) => path.join(stack.state, name)).filter((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
    assert.ok(files.some((file) => /\.sqlite/.test(file)), "storage is looked at");
    for (const file of files) assert.ok(!fs.readFileSync(file).includes(SECRET), file);
  });

  test("is another one as soon as it was set, and gone when it is deleted", async () => {
    await set("preview", "API_KEY", "secret", "second");
    assert.equal((await app.preview("/api/hello")).json().key, "second");
    assert.equal((await app.api("DELETE", "/env/preview/API_KEY")).status, 204);
    assert.equal((await app.preview("/api/hello")).json().key, null);
    await set("preview", "API_KEY", "secret", SECRET);
  });

  test("of one environment is none of another's", async () => {
    const production = await live(app, "production");
    const asks = async () => (await visit(production.url, "/api/hello")).json();
    assert.deepEqual([(await asks()).key, (await asks()).environment], [null, "production"]);
    assert.equal((await visit(production.url, "/api/throws")).text, "This function failed.\n");
    await set("production", "API_KEY", "secret", "of production");
    await until("production to be told", async () => (await asks()).key === "of production");
    assert.equal((await app.preview("/api/hello")).json().key, SECRET);
  });

  test("has limits, and names of ours are not for it", async () => {
    assertProblem(await set("preview", "API_KEY", "secret", "x".repeat(4097)), "too_large", /4096 bytes/);
    assertProblem(await set("preview", "OVERSKILL_APP", "secret", "x"), "invalid", /set by the platform/);
    assertProblem(await set("preview", "API_KEY", "platform", "a.example.com"), "invalid", /ALLOWED_HOSTS/);
    assertProblem(await set("preview", "ALLOWED_HOSTS", "secret", "a.example.com"), "invalid", /kind `platform`/);
    assertProblem(await set("preview", "API_KEY", "hidden", "x"), "invalid", /./);
  });
});

describe("whom a function may ask", () => {
  const asks = async (address) => (await app.preview(`/api/asks?address=${encodeURIComponent(address)}`)).json();

  before(async () => {
    const end = await written({ "functions/asks.ts": ASKS });
    assert.equal(end.status, "succeeded", JSON.stringify(end));
    await until("the preview", async () => await app.served() === end.version);
  });

  test("is nobody at first", async () => {
    for (const address of [service.url, "https://example.com/", `http://${stack.origin.slice(7)}/v1/apps`, "http://127.0.0.1/"]) {
      const { status, text } = await asks(address);
      assert.equal(status, 403, text);
      assert.match(text, /may not ask .*ALLOWED_HOSTS/);
    }
  });

  test("is who is in ALLOWED_HOSTS, and where these lead only when it is there too", async () => {
    const answer = await set("preview", "ALLOWED_HOSTS", "platform", `api.example.com, ${service.host}\napi.example.com`);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.variable.value, `api.example.com ${service.host}`);
    assert.deepEqual(await asks(`${service.url}/here`), { status: 200, text: "/here Bearer mine" });
    assert.deepEqual(await asks(`${service.url}/on`), { status: 200, text: "/there Bearer mine" });
    assert.match((await asks(`${service.url}/away`)).text, /may not ask/);
    for (const address of [other.url, service.url.replace("localhost", "127.0.0.1"), service.url.replace("http:", "https:"), service.url.replace("localhost", "localhost.")]) {
      assert.match((await asks(address)).text ?? "refused: may not ask", /may not ask/, address);
    }
    const page = await app.preview("/", { headers: { accept: "text/html" } });
    assert.equal(config(page.text).variables.ALLOWED_HOSTS, undefined);
    assert.equal((await app.api("DELETE", "/env/preview/ALLOWED_HOSTS")).status, 204);
    assert.match((await asks(service.url)).text, /may not ask/);
  });

  test("is the app's own data always, as whoever asks the function", async () => {
    const end = await written({
      "functions/titles.ts": `export default {
  async fetch(request: Request, env: Record<string, string>) {
    const answer = await fetch(new URL(\`/rest/v1/app_\${env.OVERSKILL_APP}_recipes?select=title\`, request.url), {
      headers: { apikey: \`sb_publishable_\${env.OVERSKILL_APP}\`, ...(request.headers.has("authorization") && { authorization: request.headers.get("authorization")! }) },
    })
    const itself = await fetch(new URL("/api/hello", request.url))
    return Response.json({ status: answer.status, rows: await answer.json(), itself: itself.status })
  },
}
`,
    });
    assert.equal(end.status, "succeeded", JSON.stringify(end));
    await until("the preview", async () => await app.served() === end.version);
    const ada = visitor(stack, app);
    const { data, error } = await ada.auth.signUp({ email: "ada@example.com", password: PASSWORD });
    assert.equal(error, null);
    assert.equal((await ada.from(`app_${app.id}_recipes`).insert({ title: "Minestrone", ingredients: "beans", cooking_minutes: 45 })).error, null);
    const asked = async (headers) => (await app.preview("/api/titles", { headers })).json();
    assert.deepEqual(await asked({ authorization: `Bearer ${data.session.access_token}` }), { status: 200, rows: [{ title: "Minestrone" }], itself: 403 });
    assert.equal((await asked({})).rows.code, "42501", "nobody may read them");
  });

  test("is a host that others reach", async () => {
    for (const value of ["https://api.example.com", "127.0.0.1", "*", "*.com", "metadata.google.internal"]) {
      assertProblem(await set("preview", "ALLOWED_HOSTS", "platform", value), "invalid", /is no host/);
    }
  });
});

test("nothing has panicked", () => assertNoPanic(stack));
