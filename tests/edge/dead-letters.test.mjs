// Messages that the queue has given up on, taken from its other queue: the conversation hears of it and says so, and another one is
// sent. Here every message comes there at once; when a queue gives up is the platform's affair.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertSound } from "../support/history.mjs";
import { until } from "../support/wait.mjs";

const usual = fs.readFileSync(path.resolve(import.meta.dirname, "../../wrangler.toml"), "utf8");
const producer = 'binding = "BUILDS"\nqueue = "overskill-builds"';

let folder;
let stack;
let app;
let build;

const retries = () => app.feed.of("build_retrying").filter((event) => event.build === build);

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-dead-letters-"));
  const configuration = path.join(folder, "wrangler.toml");
  assert.ok(usual.includes(producer));
  fs.writeFileSync(configuration, usual.replace(producer, producer.replace("builds\"", "builds-dead\"")));
  stack = await startStack({ env: { OVERSKILL_WRANGLER: configuration } });
});

after(async () => {
  app?.close();
  await stack?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe("a build whose message nobody could take", () => {
  test("is said to be tried again, and says why", async () => {
    app = await App.create(stack);
    ({ build } = await app.feed.find("the build", (event) => event.kind === "build_queued" && event.version === 2));
    const first = await app.feed.find("the retry", (event) => event.kind === "build_retrying" && event.build === build);
    assert.deepEqual([first.reason, first.attempt], ["its message could not be delivered", 0]);
    const shown = await app.get(`/builds/${build}`);
    assert.ok(["queued", "retrying"].includes(shown.build.status), shown.build.status);
    assert.match(stack.log("worker"), new RegExp(`a message for build ${build} of ${app.id} was not taken`));
  });

  test("is asked for again each time", async () => {
    await until("another retry", () => retries().length > 1);
    assert.equal(app.feed.of("build_started").length, 0);
  });

  test("is built when messages are taken once more", async () => {
    fs.writeFileSync(path.join(folder, "wrangler.toml"), usual);
    await stack.restart();
    assert.equal((await app.completed()).version, 2);
    await assertSound(app);
    assert.equal(await app.served(), 2);
  });
});
