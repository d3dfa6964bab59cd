// What comes twice happens once, and nobody overwrites what they have not seen.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App, RECIPES } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

let stack;
let app;

before(async () => {
  stack = await startStack();
  app = await App.create(stack, RECIPES, { "idempotency-key": "first" });
  await app.completed();
});

after(async () => {
  app?.close();
  await stack?.stop();
});

const apps = async () => (await stack.api("GET", "/v1/apps?limit=200")).body.apps.map(({ id }) => id);

describe("a POST with an Idempotency-Key", () => {
  test("is answered the second time as it was the first", async () => {
    const again = await stack.api("POST", "/v1/apps", { prompt: RECIPES }, { "idempotency-key": "first" });
    assert.equal(again.status, 201);
    assert.deepEqual(again.body, { app: app.created, turn: { id: app.turn } });
    assert.deepEqual(await apps(), [app.id]);
  });

  test("is refused when the request is another one", async () => {
    const key = { "idempotency-key": "first" };
    assertProblem(await stack.api("POST", "/v1/apps", { prompt: "something else" }, key), "unprocessable", /key/i);
    assertProblem(await stack.api("POST", "/v1/apps", { prompt: RECIPES, name: "Named" }, key), "unprocessable", /key/i);
    assertProblem(await app.api("POST", "/messages", { content: RECIPES }, key), "unprocessable", /key/i);
    assert.deepEqual(await apps(), [app.id]);
  });

  test("has a key that can be stored", async () => {
    for (const key of ["", "with space", "x".repeat(256), "é"]) {
      const answer = await stack.api("POST", "/v1/apps", { prompt: RECIPES }, { "idempotency-key": key });
      assertProblem(answer, "invalid", /Idempotency-Key/);
    }
    assert.deepEqual(await apps(), [app.id]);
  });

  test("makes one app however many come at once", async () => {
    const headers = { "idempotency-key": "all-at-once" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => stack.api("POST", "/v1/apps", { prompt: RECIPES }, headers)));
    assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(201), answers.map(({ text }) => text).join("\n"));
    const [{ body }] = answers;
    assert.deepEqual(new Set(answers.map((answer) => `${answer.body.app.id} ${answer.body.turn.id}`)).size, 1);
    assert.deepEqual(await apps(), [body.app.id, app.id]);
    const other = new App(stack, body);
    try {
      await other.completed();
      await other.settled();
      assert.equal(other.feed.of("turn_started").length, 1);
      assert.deepEqual((await other.messages()).map(({ role }) => role), ["user", "assistant"]);
      assert.deepEqual((await other.versions()).map(({ number }) => number), [2, 1]);
    } finally {
      other.close();
    }
  });

  test("says, restores and builds once", async () => {
    const said = { "idempotency-key": "say" };
    const turns = await Promise.all([1, 2, 3].map(() => app.say("add a rating from 1 to 5 to recipes", said)));
    assert.equal(new Set(turns).size, 1);
    await app.completed(turns[0]);
    assert.equal(await app.say("add a rating from 1 to 5 to recipes", said), turns[0]);
    assert.equal((await app.messages()).filter(({ role }) => role === "user").length, 2);

    const restores = [];
    for (let index = 0; index < 3; index += 1) {
      restores.push(await app.api("POST", "/versions/2/restore", undefined, { "idempotency-key": "restore" }));
    }
    for (const { status, text } of restores) {
      assert.equal(status, 201, text);
      assert.equal(text, restores[0].text);
    }
    const { number } = restores[0].body.version;
    assert.equal((await app.show()).version, number);
    await app.live(number);

    const builds = await Promise.all([1, 2, 3].map(() => app.api("POST", "/builds", { mode: "production" }, { "idempotency-key": "build" })));
    for (const { status, text } of builds) assert.equal(status, 202, text);
    assert.equal(new Set(builds.map(({ body }) => body.build.id)).size, 1);
    const { id } = builds[0].body.build;
    await app.feed.find(`end of build ${id}`, (event) => event.kind === "build_finished" && event.build === id);
    assert.equal(app.feed.of("build_started").filter(({ build }) => build === id).length, 1);
    assert.equal((await app.get(`/builds/${id}`)).build.status, "succeeded");
  });

  test("without a key is a request of its own every time", async () => {
    const [one, two] = [await app.say("What can you do?"), await app.say("What can you do?")];
    assert.notEqual(one, two);
    await app.completed(two);
  });
});

describe("a file that was changed in between", () => {
  const file = "src/app/theme.css";
  const hashOf = (text) => createHash("sha256").update(text).digest("hex");
  const put = (headers, body = ":root { }\n", target = file) => app.fileCall("PUT", target, { body, headers });

  test("is not overwritten: 409 with the hash that it has now, and its content stays", async () => {
    await app.settled();
    const seen = await app.read(file);
    const theirs = seen.text.replace(/--brand-hue: \d+/, "--brand-hue: 150");
    const first = await put({ "if-match": seen.etag }, theirs);
    assert.equal(first.status, 200, first.text);
    assert.deepEqual(
      { ...first.json(), version: undefined },
      { path: file, hash: hashOf(theirs), size: theirs.length, version: undefined },
    );
    assert.equal(first.headers.etag, `"${hashOf(theirs)}"`);
    const { version } = await app.show();
    const same = await put({ "if-match": first.headers.etag }, theirs);
    assert.deepEqual([same.status, same.json().version], [200, version], "unchanged, the file is in the newest version");
    assert.equal((await app.show()).version, version);

    const mine = seen.text.replace(/--brand-hue: \d+/, "--brand-hue: 25");
    for (const headers of [{ "if-match": seen.etag }, { "if-none-match": "*" }, { "if-match": `"${"0".repeat(64)}"` }]) {
      assert.equal(assertProblem(await put(headers, mine), "conflict").current, hashOf(theirs));
    }
    const deleted = await app.fileCall("DELETE", file, { headers: { "if-match": seen.etag } });
    assert.equal(assertProblem(deleted, "conflict").current, hashOf(theirs));
    assert.equal((await app.read(file)).text, theirs);
    assert.equal((await app.show()).version, version);

    const merged = await put({ "if-match": `"${"0".repeat(64)}", ${first.headers.etag}` }, mine);
    assert.equal(merged.status, 200, merged.text);
    assert.equal((await app.read(file)).text, mine);
  });

  test("is not written by someone who says nothing of what they have seen: 428", async () => {
    const seen = await app.read(file);
    assertProblem(await put({}), "precondition_required", /If-Match/);
    assertProblem(await app.fileCall("DELETE", file), "precondition_required", /If-Match/);
    for (const headers of [
      { "if-match": seen.etag, "if-none-match": "*" }, { "if-match": `W/${seen.etag}` }, { "if-match": seen.etag.replaceAll('"', "") },
      { "if-match": "," }, { "if-match": '"x"' }, { "if-none-match": seen.etag },
    ]) {
      assertProblem(await put(headers), "invalid", /If-/);
    }
    for (const headers of [{ "if-none-match": "*" }, { "if-match": seen.etag, "if-none-match": "*" }]) {
      assertProblem(await app.fileCall("DELETE", file, { headers }), "invalid", /If-None-Match/);
    }
    assert.deepEqual(await app.read(file), seen);
  });

  test("that is gone is not written back by mistake", async () => {
    const created = await put({ "if-none-match": "*" }, "one\n", "notes/a.txt");
    assert.equal(created.status, 201, created.text);
    assertProblem(await put({ "if-none-match": "*" }, "two\n", "notes/a.txt"), "conflict");
    const { etag } = created.headers;
    assert.equal((await app.fileCall("DELETE", "notes/a.txt", { headers: { "if-match": etag } })).status, 204);
    assert.equal(assertProblem(await put({ "if-match": etag }, "two\n", "notes/a.txt"), "conflict").current, null);
    assertProblem(await app.fileCall("GET", "notes/a.txt"), "not_found");
  });

  test("by several at once is written by one of them", async () => {
    const { etag } = await app.read(file);
    const bodies = Array.from({ length: 6 }, (_, index) => `:root {\n  --brand-hue: ${index};\n  --brand-chroma: 0.1;\n}\n`);
    const answers = await Promise.all(bodies.map((body) => put({ "if-match": etag }, body)));
    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1, answers.map(({ status }) => status).join());
    for (const answer of answers.filter((one) => one !== winners[0])) {
      assert.equal(assertProblem(answer, "conflict").current, winners[0].json().hash);
    }
    assert.equal((await app.read(file)).text, bodies[answers.indexOf(winners[0])]);
    await app.live(winners[0].json().version);
    assertNoPanic(stack);
  });
});
