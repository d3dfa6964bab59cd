// Cloudflare's own wrangler, led to our double of its API: objects, static assets, dispatch namespaces, and what it hears when it is refused.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { TOKEN } from "../support/cloudflare.mjs";
import { Wrangler } from "../support/wrangler.mjs";

const ASSETS = `name = "pages"
main = "pages.js"
compatibility_date = "2025-09-01"
workers_dev = true
[assets]
directory = "public"
binding = "ASSETS"
not_found_handling = "single-page-application"
run_worker_first = ["/api/*"]
`;

describe("Cloudflare's wrangler", { timeout: 300_000 }, () => {
  let wrangler;
  let api;

  before(async () => {
    wrangler = await Wrangler.start();
    ({ api } = wrangler);
  });

  after(() => wrangler?.stop());

  test("stores an object and reads it", async () => {
    await wrangler.run(["r2", "bucket", "create", "app-files"]);
    wrangler.write({ "1.txt": "stored" });
    await wrangler.run(["r2", "object", "put", "app-files/apps/1.txt", "--file", "1.txt", "--content-type", "text/plain", "--remote"]);
    assert.equal((await wrangler.run(["r2", "object", "get", "app-files/apps/1.txt", "--pipe", "--remote"])).trim(), "stored");
    assert.equal((await api.ask("GET", "/r2/buckets/app-files/objects/apps/1.txt")).headers.get("content-type"), "text/plain");
  });

  test("deploys static assets, and sends again only what is new", async () => {
    wrangler.write({
      "pages.toml": ASSETS, "public/index.html": "<h1>page</h1>", "public/app.css": "body{}", "public/_redirects": "/old /new 301\n",
      "pages.js": "export default { fetch: async (request, env) => new Response(`worker ${await (await env.ASSETS.fetch('https://x/app.css')).text()}`) };",
    });
    await wrangler.run(["deploy", "-c", "pages.toml"]);
    const page = (target, headers = {}) => api.visit("pages.operator.workers.dev", target, { headers });
    const answers = await Promise.all([page("/app.css"), page("/deep/link", { "sec-fetch-mode": "navigate" }), page("/api/x"), page("/old")]);
    assert.deepEqual(answers.map(({ status, text }) => [status, text]), [[200, "body{}"], [200, "<h1>page</h1>"], [200, "worker body{}"], [301, ""]]);
    wrangler.write({ "public/app.css": "body{color:red}" });
    assert.match(await wrangler.run(["deploy", "-c", "pages.toml"]), /Uploaded 1 of 1 asset/);
    assert.equal((await page("/app.css")).text, "body{color:red}");
  });

  test("deploys into a dispatch namespace, and what leads there", async () => {
    await wrangler.run(["dispatch-namespace", "create", "apps"]);
    wrangler.write({
      "tenant.toml": 'name = "tenant"\nmain = "tenant.js"\ncompatibility_date = "2025-09-01"\n', "tenant.js": "export default { fetch: () => new Response('tenant') };",
      "dispatcher.toml": 'name = "dispatcher"\nmain = "dispatcher.js"\ncompatibility_date = "2025-09-01"\nworkers_dev = true\n[[dispatch_namespaces]]\nbinding = "APPS"\nnamespace = "apps"\n',
      "dispatcher.js": "export default { fetch: (request, env) => env.APPS.get(new URL(request.url).pathname.slice(1)).fetch(request) };",
    });
    await wrangler.run(["deploy", "-c", "tenant.toml", "--dispatch-namespace", "apps"]);
    await wrangler.run(["deploy", "-c", "dispatcher.toml"]);
    assert.equal((await api.visit("dispatcher.operator.workers.dev", "/tenant")).text, "tenant");
  });

  test("hears why a script does not start, and that a token may not", async () => {
    wrangler.write({ "bad.toml": 'name = "bad"\nmain = "bad.js"\ncompatibility_date = "2025-09-01"\n', "bad.js": 'throw new Error("not today");' });
    assert.match(await wrangler.run(["deploy", "-c", "bad.toml"], { fails: true }), /not today[\s\S]*\[code: 10021\]/);
    wrangler.double.account.setToken({ token: TOKEN, name: "api-token", permissions: ["Workers Scripts: Read"] });
    assert.match(await wrangler.run(["deploy", "-c", "tenant.toml"], { fails: true }), /Authentication error \[code: 10000\]/);
    wrangler.double.account.setToken({ token: TOKEN, name: "api-token" });
  });
});
