// The build cache: what was built once is built for nobody again, and is everybody's own.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertSound } from "../support/history.mjs";
import { until } from "../support/wait.mjs";

/** The builds of an app, without those that a newer version made needless, in the order in which they were asked for. */
async function builds(app) {
  await app.settled();
  const ids = app.feed.of("build_queued").map((event) => event.build);
  const all = await Promise.all(ids.map(async (id) => {
    const { build } = await app.get(`/builds/${id}`);
    const lines = (await app.api("GET", `/builds/${id}/log`)).text.trim().split("\n");
    const told = app.feed.of("build_finished").find((event) => event.build === id);
    assert.equal(told.cached, build.cached);
    return { ...build, lines };
  }));
  return all.filter((build) => build.status !== "superseded");
}

/** The page and every file that it names, as its address serves them. */
async function served(app) {
  const page = await app.preview();
  assert.equal(page.status, 200);
  const files = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file);
  assert.ok(files.length > 0, page.text);
  const contents = await Promise.all(files.map(async (file) => {
    const answer = await app.preview(file);
    assert.equal(answer.status, 200, file);
    return answer.text;
  }));
  return Object.fromEntries(files.map((file, index) => [file, contents[index]]));
}

/** What a statement says of the objects of every bucket of the stack. */
function inBuckets(stack, statement, values, readOnly = true) {
  const folder = path.join(stack.state, "workerd");
  const databases = fs.readdirSync(folder, { recursive: true }).filter((name) => name.includes("R2BucketObject") && name.endsWith(".sqlite"));
  return databases.flatMap((name) => {
    const database = new DatabaseSync(path.join(folder, name), { readOnly, timeout: 5_000 });
    try {
      const known = database.prepare("SELECT name FROM sqlite_master WHERE name = '_mf_objects'").all();
      return known.length ? database.prepare(statement).all(...values) : [];
    } finally {
      database.close();
    }
  });
}

/** The names of what the buckets of the stack hold. */
const stored = (stack, prefix) => inBuckets(stack, "SELECT key FROM _mf_objects WHERE key LIKE ?", [`${prefix}%`]).map(({ key }) => key);

/** Takes things away behind the Worker's back. */
const lose = (stack, key) => inBuckets(stack, "DELETE FROM _mf_objects WHERE key = ? RETURNING key", [key], false);

describe("what was built before", () => {
  let stack;
  let first;
  let second;

  before(async () => {
    stack = await startStack();
    first = await App.create(stack);
    await first.completed();
  });

  after(async () => {
    first?.close();
    second?.close();
    await stack?.stop();
  });

  test("is not built again for another app, and both say which it was", async () => {
    second = await App.create(stack);
    await second.completed();
    await assertSound(second);
    // First versions may be superseded before a builder has them.
    const [built, cached] = [(await builds(first)).at(-1), await builds(second)];
    assert.deepEqual([built.version, built.cached], [2, false]);
    assert.deepEqual([cached.at(-1).version, cached.at(-1).cached], [2, true]);
    assert.deepEqual(cached.at(-1).report, built.report, "it tells of the build that was");
    assert.deepEqual(cached.at(-1).sizes, built.sizes);
    for (const build of cached.filter((build) => build.cached)) {
      assert.equal(build.status, "succeeded");
      assert.ok(build.sizes.script_bytes > 0 && build.sizes.script_bytes <= build.sizes.budget);
      assert.equal(build.sizes.embedded.bytes + build.sizes.external.bytes, build.report.artifact_bytes);
      assert.equal(build.lines.length, 1, build.lines.join("\n"));
      console.log(`  ${build.lines[0]}`);
      assert.match(build.lines[0], /taken from the build cache in \d+ ms$/);
    }
    assert.deepEqual(await served(second), await served(first));
    assert.equal(await second.served(), 2);
  });

  test("is not built again for the same app either, whoever asks", async () => {
    const restore = async (version) => {
      const { number } = (await first.api("POST", `/versions/${version}/restore`)).body.version;
      await first.live(number);
      return first.feed.of("build_finished").find((event) => event.version === number).cached;
    };
    await restore(1);
    assert.deepEqual([await restore(2), await restore(1), await restore(2)], [true, true, true]);
  });

  test("for one mode is not taken for the other", async () => {
    const started = await first.api("POST", "/builds", { mode: "production" });
    assert.equal(started.status, 202, started.text);
    const { id } = started.body.build;
    const look = async () => {
      const { build } = await first.get(`/builds/${id}`);
      return build.finished_at && build;
    };
    const build = await until("the production build", look);
    assert.deepEqual([build.status, build.cached], ["succeeded", false]);
  });

  test("stays when the app is gone that it was built for", async () => {
    const before = await served(second);
    first.close();
    assert.equal((await first.api("DELETE", "")).status, 204);
    await until("the app's files to be deleted", () => stored(stack, `apps/${first.id}/`).length === 0);
    assert.deepEqual(await served(second), before);
    const third = await App.create(stack);
    try {
      await third.completed();
      assert.ok((await builds(third)).every((build) => build.cached));
      assert.deepEqual(await served(third), before);
    } finally {
      third.close();
    }
  });

  test("and failed is built again: it may have been somebody else's fault", async () => {
    const file = "src/app/routes.tsx";
    const { text, etag } = await second.read(file);
    const broken = await second.write(file, `${text}const broken = {{ ;\n`, etag);
    const end = (version) => second.feed.find("the end", (event) => event.kind === "build_finished" && event.version === version);
    assert.equal((await end(broken.version)).status, "failed");
    const again = await second.api("POST", "/builds", { mode: "development" });
    const over = await second.feed.find("the end", (event) => event.kind === "build_finished" && event.build === again.body.build.id);
    assert.deepEqual([over.status, over.cached], ["failed", false]);
  });
});

describe("the same asked for at the same time", () => {
  test("is built once", async () => {
    const stack = await startStack();
    const apps = [];
    try {
      apps.push(...await Promise.all(Array.from({ length: 4 }, () => App.create(stack))));
      await Promise.all(apps.map((app) => app.completed()));
      for (const app of apps) await assertSound(app);
      const all = (await Promise.all(apps.map(builds))).flat();
      for (const version of [1, 2]) {
        const of = all.filter((build) => build.version === version);
        const built = of.filter((build) => !build.cached);
        // A first version may have been superseded everywhere before a builder had it.
        assert.ok(version === 1 ? built.length <= 1 : built.length === 1, JSON.stringify(of));
        assert.ok(of.every((build) => build.status === "succeeded" && build.attempts === 1));
      }
      assert.equal(all.filter((build) => build.version === 2).length, apps.length);
    } finally {
      apps.forEach((app) => app.close());
      await stack.stop();
    }
  });
});

describe("what the cache has lost", () => {
  test("is built once more, whoever finds out", async () => {
    const stack = await startStack();
    const apps = [];
    try {
      apps.push(await App.create(stack));
      await apps[0].completed();
      await apps[0].settled();
      const lists = () => stored(stack, "builds/").filter((name) => /^builds\/(\w+)\/\1$/.test(name));
      await until("the build to be kept", () => lists().length > 0);
      const all = stored(stack, "builds/");
      for (const list of lists()) {
        const [file] = all.filter((name) => name.startsWith(path.dirname(list)) && name !== list);
        assert.deepEqual(lose(stack, file).map(({ key }) => key), [file]);
      }
      const more = await Promise.all(Array.from({ length: 3 }, () => App.create(stack)));
      apps.push(...more);
      await Promise.all(more.map((app) => app.completed()));
      const second = (await Promise.all(more.map(builds))).flat().filter((build) => build.version === 2);
      assert.deepEqual(second.map((build) => build.cached).sort(), [false, true, true]);
    } finally {
      apps.forEach((app) => app.close());
      await stack.stop();
    }
  });
});

describe("the cache's limits", () => {
  test("what nobody asks for is deleted, and no app misses it", async () => {
    const stack = await startStack({ env: { OVERSKILL_VAR_BUILD_CACHE_SECONDS: "4" } });
    const app = await App.create(stack);
    try {
      await app.completed();
      await app.settled();
      const before = await served(app);
      await until("the build to be kept", () => stored(stack, "builds/").length > 0);
      const taker = await App.create(stack);
      try {
        await taker.completed();
        assert.ok((await builds(taker)).some((build) => build.cached));
        // It reads them in the cache for a moment.
        assert.deepEqual(await served(taker), before);
        await until("the cache to be empty", () => stored(stack, "builds/").length === 0);
        assert.deepEqual(await served(taker), before);
      } finally {
        taker.close();
      }
      assert.deepEqual(await served(app), before);
      const other = await App.create(stack);
      try {
        await other.completed();
        assert.ok((await builds(other)).every((build) => !build.cached));
      } finally {
        other.close();
      }
    } finally {
      app.close();
      await stack.stop();
    }
  });

  test("without a cache everything is built", async () => {
    const stack = await startStack({ env: { OVERSKILL_VAR_BUILD_CACHE_SECONDS: "0" } });
    const apps = [];
    try {
      for (let n = 0; n < 2; n += 1) {
        apps.push(await App.create(stack));
        await apps[n].completed();
        assert.ok((await builds(apps[n])).every((build) => !build.cached));
      }
      assert.deepEqual(stored(stack, "builds/"), []);
    } finally {
      apps.forEach((app) => app.close());
      await stack.stop();
    }
  });
});
