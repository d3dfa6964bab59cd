// An app is accepted by its workspace in one write, and its conversation is opened from there: by whoever asks for it, or by nobody.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { Witness } from "../chaos/witness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { until } from "../support/wait.mjs";

/** A prompt that changes nothing, so that little is built. */
const QUESTION = "What can you do?";
const CROWD = 40;

let witness;
let stack;

before(async () => {
  witness = await Witness.start();
  stack = await startStack({ env: witness.env });
});

after(async () => {
  await stack?.stop();
  witness?.stop();
});

const apps = async () => (await stack.api("GET", "/v1/apps?limit=200")).body.apps;

describe("an app whose request was cut off when it had been accepted", () => {
  test("is listed, and gets on though nobody asks for it", async () => {
    let killed;
    witness.hear = async ({ point }) => {
      if (killed || point !== "accepted") return true;
      killed = stack.killWorker();
      return false;
    };
    await assert.rejects(stack.api("POST", "/v1/apps", { prompt: QUESTION }));
    witness.hear = async () => true;
    await stack.waitHealthy({ not: killed });
    assert.equal((await apps()).length, 1);
    // The conversation tells the workspace of itself.
    await until("the app to be ready", async () => (await apps())[0].status === "ready");
    const [app] = await apps();
    const { messages } = (await stack.api("GET", `/v1/apps/${app.id}/messages`)).body;
    assert.deepEqual(messages.map(({ role }) => role), ["user", "assistant"]);
    assert.equal((await stack.api("DELETE", `/v1/apps/${app.id}`)).status, 204);
  });
});

describe("an app that was deleted before the request that made it was answered", () => {
  test("is not made again when the request comes again", async () => {
    const headers = { "idempotency-key": "deleted-meanwhile" };
    let turn;
    // The request is never answered: the app is deleted first, and then the process ends.
    let deleted;
    witness.hear = async ({ point, of }) => {
      if (point !== "accepted" || turn) return true;
      turn = of;
      const [app] = await apps();
      assert.equal((await stack.api("DELETE", `/v1/apps/${app.id}`)).status, 204);
      deleted = stack.killWorker();
      return false;
    };
    await assert.rejects(stack.api("POST", "/v1/apps", { prompt: QUESTION }, headers));
    witness.hear = async () => true;
    await stack.waitHealthy({ not: deleted });
    assertProblem(await stack.api("POST", "/v1/apps", { prompt: QUESTION }, headers), "conflict", /deleted since/);
    assert.deepEqual(await apps(), []);
  });
});

describe(`${CROWD} apps that are asked for in one moment`, () => {
  const opened = [];
  const early = [];
  let created;

  before(async () => {
    witness.hear = async ({ point, of }) => {
      if (point === "opened") opened.push(of);
      return true;
    };
    const uses = [
      (app) => app.show().then((shown) => assert.equal(shown.created_at, app.created.created_at)),
      (app) => app.messages().then(([first]) => assert.deepEqual([first.turn, first.content], [app.turn, QUESTION])),
      (app) => app.say(QUESTION),
      (app) => app.api("DELETE", "").then(({ status }) => assert.equal(status, 204)),
      () => {},
    ];
    created = await Promise.all(Array.from({ length: CROWD }, async (_, n) => {
      const { status, body, text } = await stack.api("POST", "/v1/apps", { prompt: QUESTION });
      assert.equal(status, 201, text);
      const isEarly = !opened.includes(body.turn.id);
      const app = new App(stack, body);
      app.isDeleted = n % uses.length === 3;
      if (isEarly) early[n % uses.length] = (early[n % uses.length] ?? 0) + 1;
      await uses[n % uses.length](app);
      return app;
    }));
  });

  after(() => created?.forEach((app) => app.close()));

  test("are there for whoever was answered, before they were opened", () => {
    assert.deepEqual([0, 1, 2, 3, 4].filter((use) => !early[use]), [], `each use met an app that was not open: ${early}`);
  });

  test("are opened once each, and finish their turns", async () => {
    for (const app of created.filter(({ isDeleted }) => !isDeleted)) {
      await app.completed();
      assert.equal(app.feed.of("turn_started").filter(({ turn }) => turn === app.turn).length, 1);
    }
    assert.deepEqual(opened.toSorted(), created.map(({ turn }) => turn).sort());
  });

  test("are gone for good where they were deleted", async () => {
    const left = created.filter(({ isDeleted }) => !isDeleted).map(({ id }) => id);
    assert.deepEqual((await apps()).map(({ id }) => id).sort(), left.sort());
    for (const { id } of created.filter(({ isDeleted }) => isDeleted)) {
      assertProblem(await stack.api("GET", `/v1/apps/${id}`), "not_found");
    }
  });

  test("crash nothing", () => assertNoPanic(stack));
});
