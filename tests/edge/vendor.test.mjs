// What most apps have in common: prebuilt once, stored once, served by each app, and there for as long as one is.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { until } from "../support/wait.mjs";

const FOLDER = "/assets/overskill-vendor/";

let stack;
let apps;
/** The addresses of vendor modules, by app. */
let modules;

before(async () => {
  stack = await startStack();
  apps = await Promise.all([App.create(stack), App.create(stack, "projects (name, deadline)")]);
  await Promise.all(apps.map((app) => app.completed()));
  modules = await Promise.all(
    apps.map(async (app) => {
      const { text } = await app.preview();
      const [, map] = /<script type="importmap">(.*?)<\/script>/s.exec(text);
      const preloaded = [...text.matchAll(/href="([^"]+)"/g)].map((match) => match[1]);
      return new Set([...Object.values(JSON.parse(map).imports), ...preloaded].filter((address) => address.startsWith(FOLDER)));
    }),
  );
});

after(async () => {
  for (const app of apps ?? []) app.close();
  await stack?.stop();
});

/** The keys of everything that is stored in R2. */
function stored() {
  const found = [];
  for (const name of fs.readdirSync(stack.state, { recursive: true })) {
    if (!name.endsWith(".sqlite") || !/r2/i.test(name)) continue;
    const database = new DatabaseSync(path.join(stack.state, name), { readOnly: true });
    const isBucket = database.prepare("SELECT 1 FROM sqlite_master WHERE name = '_mf_objects'").get();
    if (isBucket) found.push(...database.prepare("SELECT key FROM _mf_objects").all().map(({ key }) => key));
    database.close();
  }
  assert.ok(found.length > 0, "nothing is stored");
  return found;
}

describe("vendor modules", () => {
  test("are the same in two apps, to the byte", async () => {
    const [one, other] = modules;
    assert.ok(one.size >= 10, `${[...one]}`);
    assert.deepEqual(one, other);
    for (const address of one) {
      const [first, second] = await Promise.all(apps.map((app) => app.preview(address)));
      assert.equal(first.status, 200, address);
      assert.match(first.headers["content-type"], /^text\/javascript/);
      assert.match(first.headers["cache-control"], /immutable/);
      assert.equal(first.headers.etag, second.headers.etag);
      assert.ok(first.bytes.equals(second.bytes));
    }
  });

  test("are stored once", () => {
    const keys = stored();
    const shared = keys.filter((key) => key.startsWith("vendor/"));
    assert.equal(shared.length, modules[0].size);
    const hashes = shared.map((key) => key.slice("vendor/".length));
    const again = keys.filter((key) => key.startsWith("apps/") && hashes.some((hash) => key.endsWith(hash)));
    assert.deepEqual(again, []);
  });

  test("come with a map of the app's own code, which names the project's files", async () => {
    const [app] = apps;
    const { text } = await app.preview();
    const [, script] = /<script type="module" crossorigin src="([^"]+)"/.exec(text);
    const { text: code } = await app.preview(script);
    const [, name] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(code);
    const map = await app.preview(`/assets/${name}`);
    assert.equal(map.status, 200);
    assert.match(map.headers["content-type"], /^application\/json/);
    const { sources } = map.json();
    assert.ok(sources.includes("src/main.tsx"), `${sources}`);
    assert.ok(sources.every((source) => /^(src|node_modules)\//.test(source)), `${sources}`);
  });

  test("stay when an app is deleted", async () => {
    const [one, other] = apps;
    one.close();
    assert.equal((await one.api("DELETE", "")).status, 204);
    await until("the app's files are gone", () => !stored().some((key) => key.startsWith(`apps/${one.id}/`)));
    assert.equal(stored().filter((key) => key.startsWith("vendor/")).length, modules[0].size);
    for (const address of modules[1]) assert.equal((await other.preview(address)).status, 200, address);
  });
});
