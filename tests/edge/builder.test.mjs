// The builder killed, down or told nonsense: builds are retried for all to see, and the last good preview stays live.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertSound, keepsake } from "../support/history.mjs";
import { assertProblem } from "../support/problem.mjs";
import { depth, random, seed } from "../support/random.mjs";

const RATING = "add a rating from 1 to 5 to recipes";
const state = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-builder-down-"));

let stack;
let app;
let page;

before(async () => {
  console.log(`SEED=${seed}`);
  // What is taken from the cache is in no builder's hands: here everything is built.
  stack = await startStack({ state, env: { OVERSKILL_VAR_BUILD_CACHE_SECONDS: "0" } });
  app = await App.create(stack);
  await app.completed();
  page = (await app.preview()).text;
});

after(async () => {
  app?.close();
  await stack?.stop();
  fs.rmSync(state, { recursive: true, force: true });
});

/** A port on which nothing listens. */
async function closedPort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the builder killed", () => {
  test("while it has a build: tried again, which the feed says, and then it succeeds", async () => {
    const mark = app.feed.events.length;
    // A stopped builder holds the build until it is killed, so that it certainly dies in the middle.
    process.kill(stack.builderPid, "SIGSTOP");
    const turn = await app.say(RATING);
    const started = await app.feed.find("build", (event) => event.kind === "build_started", { from: mark });
    assert.equal(started.attempt, 1);
    await stack.waitHealthy({ not: stack.killBuilder() });
    const retrying = await app.feed.find("retry", (event) => event.kind === "build_retrying", { from: mark });
    assert.equal(retrying.build, started.build);
    assert.equal(retrying.attempt, 1);
    assert.match(retrying.reason, /builder/);
    assert.ok(retrying.retry_at > retrying.at);
    await app.completed(turn);
    await assertSound(app);
    const { build } = await app.get(`/builds/${started.build}`);
    assert.equal(build.status, "succeeded");
    assert.ok(build.attempts >= 2);
    assert.equal(await app.served(), 3);
  });

  test("at any moment: the turn finishes, nothing twice", async () => {
    const next = random();
    for (let round = 0; round < depth(2, 10); round += 1) {
      const other = await App.create(stack);
      try {
        await other.feed.find("build", (event) => event.kind === "build_started" && event.version === 2);
        await sleep(next() * 600);
        await stack.waitHealthy({ not: stack.killBuilder() });
        await other.completed();
        await assertSound(other);
        const { versions, manifests } = await keepsake(other);
        assert.deepEqual(versions.map(({ number }) => number), [1, 2]);
        assert.deepEqual(manifests[1].map(({ hash }) => hash), (await app.version(2)).files.map(({ hash }) => hash));
        assert.equal(await other.served(), 2);
      } finally {
        other.close();
      }
    }
  });
});

describe("a builder that takes its time", () => {
  /** Runs `work` while the builder stands still. */
  async function meanwhile(work) {
    const pid = stack.builderPid;
    process.kill(pid, "SIGSTOP");
    try {
      return await work();
    } finally {
      process.kill(pid, "SIGCONT");
    }
  }

  test("leaves a new app's address with a page that says so and asks again", async () => {
    let other;
    try {
      await meanwhile(async () => {
        other = await App.create(stack);
        await other.feed.find("build", (event) => event.kind === "build_started" && event.version === 2);
        const preview = await other.preview();
        assert.equal(preview.status, 503);
        assert.ok(Number(preview.headers["retry-after"]) > 0);
        assert.match(preview.headers["content-type"], /^text\/html/);
        assert.equal(preview.headers["cache-control"], "no-store");
        assert.match(preview.text, /is being built/);
        assert.equal((await other.show()).status, "working");
      });
      await other.completed();
      assert.equal((await other.preview()).status, 200);
    } finally {
      other?.close();
    }
  });

  test("holds up neither a change by hand nor the turn; a restore has to wait", async () => {
    const file = "src/app/theme.css";
    const { version } = await app.show();
    const mark = app.feed.events.length;
    let turn;
    let written;
    await meanwhile(async () => {
      turn = await app.say("add a cuisine to recipes");
      await app.feed.find("build", (event) => event.kind === "build_started" && event.version === version + 1, { from: mark });
      assertProblem(await app.api("POST", "/versions/2/restore"), "conflict", /turn is running/);
      const { text, etag } = await app.read(file);
      written = await app.write(file, text.replace(/--brand-hue: \d+/, "--brand-hue: 25"), etag);
      assert.equal(written.version, version + 2);
      assert.equal(await app.served(), version, "the last good one");
    });
    await app.completed(turn);
    await app.live(written.version);
    await assertSound(app);
    assert.equal(await app.served(), written.version);
    assert.match((await app.read("src/resources/recipes.ts")).text, /name: "cuisine"/);
    assert.match((await app.read(file)).text, /--brand-hue: 25/);
  });
});

describe("a builder that is frozen", () => {
  test("holds a build for a while only: tried again for all to see, and done when it wakes", async () => {
    const mark = app.feed.events.length;
    const pid = stack.builderPid;
    const seen = (kind, attempt) => app.feed.find(`${kind} ${attempt}`, (event) => event.kind === kind && event.attempt === attempt, { from: mark });
    let turn;
    process.kill(pid, "SIGSTOP");
    try {
      turn = await app.say("add a yield to recipes");
      for (const attempt of [1, 2]) {
        await seen("build_started", attempt);
        const retrying = await seen("build_retrying", attempt);
        assert.match(retrying.reason, /builder/);
        assert.ok(retrying.at - (await seen("build_started", attempt)).at < 30_000, "noticed soon");
      }
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await app.completed(turn);
    await assertSound(app);
    assert.equal(await app.served(), (await app.show()).version);
  });
});

describe("sources that do not build", () => {
  const file = "src/app/routes.tsx";
  let good;

  test("have diagnostics that name the place, and the last good preview stays live", async () => {
    good = await app.read(file);
    const live = (await app.preview()).text;
    const mark = app.feed.events.length;
    const lines = good.text.split("\n").length;
    const { version } = await app.write(file, `${good.text}const broken = {{ ;\n`, good.etag);
    const end = await app.feed.find("end of the build", (event) => event.kind === "build_finished" && event.version === version, { from: mark });
    assert.equal(end.status, "failed");
    const errors = end.diagnostics.filter((diagnostic) => diagnostic.severity === "error");
    assert.ok(errors.length > 0);
    assert.equal(errors[0].path, file);
    assert.ok(errors[0].line >= lines, JSON.stringify(errors[0]));
    assert.match(errors[0].message, /\S/);
    const { build } = await app.get(`/builds/${end.build}`);
    assert.equal(build.status, "failed");
    assert.equal(build.attempts, 1, "what cannot succeed is not tried again");
    assert.deepEqual(build.diagnostics, end.diagnostics);
    assert.ok(!app.feed.events.slice(mark).some((event) => event.kind === "preview_live"));
    const shown = await app.show();
    assert.deepEqual([shown.status, shown.version, shown.preview_version], ["failed", version, version - 1]);
    assert.equal((await app.preview()).text, live);
  });

  test("are live again once they are mended", async () => {
    const { version } = await app.write(file, good.text, (await app.read(file)).etag);
    await app.live(version);
    assert.equal(await app.served(), version);
    assert.equal((await app.show()).status, "ready");
  });

  test("that build but load nothing are no preview either", async () => {
    const index = await app.read("index.html");
    const live = (await app.preview()).text;
    const mark = app.feed.events.length;
    const { version } = await app.write("index.html", "<!doctype html><title>empty</title><p>Nothing here", index.etag);
    const end = await app.feed.find("end of the build", (event) => event.kind === "build_finished" && event.version === version, { from: mark });
    assert.equal(end.status, "failed");
    assert.ok(end.diagnostics.length > 0);
    assert.equal((await app.preview()).text, live);
    const restored = await app.write("index.html", index.text, (await app.read("index.html")).etag);
    await app.live(restored.version);
  });
});

describe("a builder that is down for the whole time", () => {
  test("is retried, then the turn fails with a reason; nothing is lost and the preview stays", async () => {
    const live = (await app.preview()).text;
    assert.notEqual(live, page);
    const { version } = await app.show();
    await stack.stop({ keep: true });
    stack = await startStack({ state, env: { OVERSKILL_VAR_BUILDER_URL: `http://127.0.0.1:${await closedPort()}` } });
    app.close();
    app = new App(stack, { app: app.created, turn: { id: app.turn } });

    const said = "add a source to recipes";
    const turn = await app.say(said);
    const end = await app.feed.turnFinished(turn);
    assert.equal(end.outcome, "failed");
    assert.match(end.summary, /builder|build/);
    assert.match(end.summary, new RegExp(`version ${version}\\b`), "says what the preview still shows");
    const retries = app.feed.of("build_retrying").filter((event) => event.turn === turn);
    assert.deepEqual(retries.map((event) => event.attempt), [1, 2, 3, 4, 5]);
    assert.ok(retries.every((event) => /could not be reached/.test(event.reason)), JSON.stringify(retries));
    const shown = await app.show();
    assert.deepEqual([shown.status, shown.version, shown.preview_version], ["failed", version + 1, version]);
    assert.equal((await app.preview()).text, live);
    assert.ok((await app.messages()).some(({ content }) => content === said));
    assert.match((await app.read("src/resources/recipes.ts")).text, /name: "source"/);
  });

  test("and back: the same version is built on demand and goes live", async () => {
    await stack.stop({ keep: true });
    stack = await startStack({ state });
    app.close();
    app = new App(stack, { app: app.created, turn: { id: app.turn } });
    const { version } = await app.show();
    const started = await app.api("POST", "/builds", { mode: "development" });
    assert.equal(started.status, 202, started.text);
    await app.live(version);
    assert.equal(await app.served(), version);
    assert.equal((await app.show()).status, "ready");
  });
});
