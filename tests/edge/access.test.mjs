// Who may call: tokens, the console's cookie, other workspaces.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { readFeed } from "../support/feed.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

const COOKIE = "__Host-overskill";
const state = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-access-"));

let stack;
let app;

before(async () => {
  stack = await startStack({ state });
  app = await App.create(stack);
  await app.completed();
});

after(async () => {
  app?.close();
  await stack?.stop();
  fs.rmSync(state, { recursive: true, force: true });
});

/** A call with nothing but these headers. */
function call(method, target, headers = {}, body) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  return stack.request(target, { method, headers: { ...json, ...headers }, body: body && JSON.stringify(body) });
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** The console's cookie, as a browser would send it back. */
async function logIn(headers = {}, token = stack.token) {
  const answer = await call("POST", "/v1/console-login", headers, { token });
  assert.equal(answer.status, 204, answer.text);
  const [line, ...more] = answer.headers["set-cookie"];
  assert.deepEqual(more, []);
  const [pair, ...attributes] = line.split("; ");
  return { cookie: pair, attributes };
}

describe("a token", () => {
  const wrong = () => `${stack.token.slice(0, -1)}${stack.token.endsWith("a") ? "b" : "a"}`;

  test("has to be there, whole and known", async () => {
    const calls = [
      ["GET", "/v1/session"], ["GET", "/v1/apps"], ["POST", "/v1/apps"], ["GET", `/v1/apps/${app.id}`], ["PATCH", `/v1/apps/${app.id}`],
      ["DELETE", `/v1/apps/${app.id}`], ["GET", `/v1/apps/${app.id}/feed`], ["GET", `/v1/apps/${app.id}/files`],
      ["PUT", `/v1/apps/${app.id}/files/a.txt`], ["POST", `/v1/apps/${app.id}/versions/1/restore`], ["GET", "/v1/tokens"], ["POST", "/v1/tokens"],
    ];
    for (const [method, target] of calls) {
      for (const headers of [
        {},
        { authorization: stack.token },
        { authorization: `Basic ${Buffer.from(`x:${stack.token}`).toString("base64")}` },
        bearer(""),
        bearer("osk_local_short"),
        bearer(`${stack.token}x`),
        bearer(wrong()),
        bearer(stack.token.replace("osk_local_", "osk_other_")),
        bearer(stack.token.replace("osk_", "oss_")),
        { cookie: `${COOKIE}=${stack.token}`, origin: stack.origin },
        { cookie: `${COOKIE}=${stack.token.replace("osk_", "oss_")}`, origin: stack.origin },
      ]) {
        const answer = await call(method, target, headers);
        assertProblem(answer, "unauthenticated");
        assert.match(answer.headers["www-authenticate"], /^Bearer/);
        assert.ok(!answer.text.includes(stack.token.slice(-20)), "a token is not repeated");
      }
    }
    assert.equal((await app.show()).id, app.id, "nothing was deleted");
    assert.equal((await call("GET", "/v1/session", { authorization: `bEaReR ${stack.token}` })).status, 200);
  });

  test("is not made good by a cookie beside it", async () => {
    const { cookie } = await logIn();
    assertProblem(await call("GET", "/v1/session", { cookie, ...bearer(wrong()) }), "unauthenticated");
  });

  test("can be made, is shown once, works, and can be taken back", async () => {
    const made = await stack.api("POST", "/v1/tokens", { name: "laptop" }, { "idempotency-key": "a-token" });
    assert.equal(made.status, 201, made.text);
    const { token, secret } = made.body;
    assert.match(secret, /^osk_local_[A-Za-z0-9]{43}$/);
    assert.equal(token.name, "laptop");
    assert.equal((await call("GET", "/v1/session", bearer(secret))).json().workspace, "local");
    const listed = await stack.api("GET", "/v1/tokens");
    assert.ok(listed.body.tokens.some(({ id }) => id === token.id));
    assert.ok(!listed.text.includes(secret));
    const later = (await stack.api("POST", "/v1/tokens", { name: "later" })).body.token;
    const first = await stack.api("GET", "/v1/tokens?limit=1");
    assert.deepEqual(first.body.tokens, [later], "newest first");
    const rest = await stack.api("GET", `/v1/tokens?limit=1&cursor=${first.body.next_cursor}`);
    assert.deepEqual(rest.body.tokens, [token]);
    const again = await stack.api("POST", "/v1/tokens", { name: "laptop" }, { "idempotency-key": "a-token" });
    assertProblem(again, "conflict", /once/);
    assert.ok(!again.text.includes(secret));
    assert.equal((await stack.api("DELETE", `/v1/tokens/${token.id}`)).status, 204);
    assertProblem(await call("GET", "/v1/session", bearer(secret)), "unauthenticated");
  });

  test("asked for several times at once with one key is made once, and every secret that is shown works", async () => {
    const headers = { "idempotency-key": "tokens-at-once" };
    const answers = await Promise.all(Array.from({ length: 8 }, () => stack.api("POST", "/v1/tokens", { name: "at once" }, headers)));
    const made = answers.filter(({ status }) => status === 201);
    assert.equal(made.length, 1, answers.map(({ status }) => status).join());
    const [{ token, secret }] = made.map(({ body }) => body);
    assert.equal((await call("GET", "/v1/session", bearer(secret))).status, 200);
    for (const answer of answers.filter((one) => one !== made[0])) assertProblem(answer, "conflict", new RegExp(`${token.id}.*once`));
    assert.equal((await stack.api("GET", "/v1/tokens")).body.tokens.filter(({ name }) => name === "at once").length, 1);
  });
});

describe("the console's cookie", () => {
  test("is kept to this host, from scripts and from other sites", async () => {
    const { cookie, attributes } = await logIn();
    assert.match(cookie, new RegExp(`^${COOKIE}=oss_local_[A-Za-z0-9]{43}$`));
    const flags = attributes.map((attribute) => attribute.toLowerCase()).sort();
    const [age] = flags.splice(flags.findIndex((flag) => flag.startsWith("max-age=")), 1);
    assert.ok(Number(age.slice(8)) > 3600);
    assert.deepEqual(flags, ["httponly", "path=/", "samesite=strict", "secure"]);
    assert.ok(!cookie.includes(stack.token.slice(-43)), "the session is not the token");
  });

  test("is not given for a wrong token, nor to another site", async () => {
    for (const token of ["osk_local_nope", stack.token.replace(/.$/, "-"), `osk_local_${"a".repeat(43)}`, `osk_other_${"a".repeat(43)}`]) {
      const answer = await call("POST", "/v1/console-login", {}, { token });
      assertProblem(answer, "unauthenticated");
      assert.equal(answer.headers["set-cookie"], undefined);
    }
    for (const headers of [
      { origin: "https://evil.example" }, { origin: app.created.preview_url }, { origin: "null" }, { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      const answer = await call("POST", "/v1/console-login", headers, { token: stack.token });
      assertProblem(answer, "forbidden");
      assert.equal(answer.headers["set-cookie"], undefined);
    }
    await logIn({ origin: stack.origin });
  });

  test("reads from anywhere, and changes something from the console's origin alone", async () => {
    const { cookie } = await logIn();
    assert.equal((await call("GET", "/v1/session", { cookie })).json().workspace, "local");
    const rename = (headers, name) => call("PATCH", `/v1/apps/${app.id}`, { cookie, ...headers }, { name });
    const { name } = await app.show();
    for (const headers of [
      {}, { origin: "https://evil.example" }, { origin: app.created.preview_url }, { origin: "null" }, { origin: `${stack.origin}.evil.example` },
      { origin: `http://localhost:1` }, { "sec-fetch-site": "same-site" }, { "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "none" },
      { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
    ]) {
      assertProblem(await rename(headers, "Taken over"), "forbidden", new RegExp(stack.origin));
      assertProblem(await call("POST", "/v1/apps", { cookie, ...headers }, { prompt: "x" }), "forbidden");
      assertProblem(await call("DELETE", `/v1/apps/${app.id}`, { cookie, ...headers }), "forbidden");
      assertProblem(await call("PUT", `/v1/apps/${app.id}/files/a.txt`, { cookie, ...headers }, "x"), "forbidden");
      assertProblem(await call("POST", `/v1/apps/${app.id}/clone`, { cookie, ...headers }, {}), "forbidden");
    }
    assert.equal((await app.show()).name, name);
    assert.equal((await rename({ origin: stack.origin }, "Mine")).status, 200);
    assert.equal((await rename({ "sec-fetch-site": "same-origin" }, name)).status, 200);
  });

  test("opens the feed, which can send no header", async () => {
    const { cookie } = await logIn();
    const events = await readFeed(stack, app.id, { upTo: 3, headers: { cookie } });
    assert.deepEqual(events, app.feed.events.slice(0, 3));
    const stream = await fetch(`${stack.origin}/v1/apps/${app.id}/feed`, { headers: { cookie } });
    await stream.body.cancel();
    assert.equal(stream.status, 200);
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    const like = await call("GET", `/v1/apps/${app.id}`, { cookie });
    for (const name of ["cache-control", "content-security-policy", "cross-origin-resource-policy", "referrer-policy", "x-content-type-options"]) {
      assert.ok(like.headers[name], name);
      assert.equal(stream.headers.get(name), like.headers[name]);
    }
  });

  test("that stands there twice, or is malformed, is none", async () => {
    const { cookie } = await logIn();
    for (const line of [`${cookie}; ${cookie}`, `${cookie}; ${COOKIE}=evil`, `${COOKIE}=evil; ${cookie}`, `${COOKIE}=`, `${cookie.toLowerCase()}`]) {
      assertProblem(await call("GET", "/v1/session", { cookie: line }), "unauthenticated");
    }
    assert.equal((await call("GET", "/v1/session", { cookie: `a=b; overskill=evil; ${cookie}` })).status, 200);
  });

  test("ends with the token that opened it, and with no other", async () => {
    const make = async (name) => (await stack.api("POST", "/v1/tokens", { name })).body;
    const [lent, kept] = [await make("lent"), await make("kept")];
    const cookies = [];
    for (const secret of [lent.secret, lent.secret, kept.secret, stack.token]) cookies.push((await logIn({}, secret)).cookie);
    const session = (cookie) => call("GET", "/v1/session", { cookie });
    for (const cookie of cookies) assert.equal((await session(cookie)).status, 200);
    assert.equal((await stack.api("DELETE", `/v1/tokens/${lent.token.id}`)).status, 204);
    for (const cookie of cookies.slice(0, 2)) assertProblem(await session(cookie), "unauthenticated");
    for (const cookie of cookies.slice(2)) assert.equal((await session(cookie)).status, 200);
    assert.equal((await stack.api("DELETE", `/v1/tokens/${kept.token.id}`)).status, 204);
    assertProblem(await session(cookies[2]), "unauthenticated");
    assert.equal((await session(cookies[3])).status, 200);
  });

  test("ends with the session", async () => {
    const { cookie } = await logIn();
    assertProblem(await call("POST", "/v1/console-logout", { cookie, origin: app.created.preview_url }), "forbidden");
    assert.equal((await call("GET", "/v1/session", { cookie })).status, 200);
    const out = await call("POST", "/v1/console-logout", { cookie, origin: stack.origin });
    assert.equal(out.status, 204);
    assert.match(out.headers["set-cookie"][0], new RegExp(`^${COOKIE}=;.*Max-Age=0`));
    assertProblem(await call("GET", "/v1/session", { cookie }), "unauthenticated");
  });
});

describe("a workspace", () => {
  test("has a hundred tokens at most, and says so", async () => {
    const made = [];
    let answer;
    do {
      answer = await stack.api("POST", "/v1/tokens", { name: "one of many" });
      if (answer.status === 201) made.push(answer.body.token.id);
    } while (answer.status === 201);
    assert.equal(assertProblem(answer, "too_large", /at most 100 API tokens.*Delete/).limit, 100);
    const listed = await stack.api("GET", "/v1/tokens?limit=200");
    assert.equal(listed.body.tokens.length, 100);
    for (const id of made) assert.equal((await stack.api("DELETE", `/v1/tokens/${id}`)).status, 204);
    assert.equal((await stack.api("POST", "/v1/tokens", { name: "room again" })).status, 201);
  });
});

describe("another workspace", () => {
  test("sees nothing of this one, with tokens that are good", async () => {
    const mine = (await stack.api("POST", "/v1/tokens", { name: "outlives the bootstrap token" })).body.secret;
    const { cookie } = await logIn({}, mine);
    const { cookie: ofBootstrap } = await logIn();
    app.close();
    await stack.stop({ keep: true });
    const other = `osk_other_${"b".repeat(43)}`;
    const hash = createHash("sha256").update(other).digest("hex");
    stack = await startStack({ state, env: { OVERSKILL_VAR_BOOTSTRAP_TOKEN_HASH: `other:${hash}` } });

    assert.equal((await call("GET", "/v1/session", bearer(other))).json().workspace, "other");
    assert.deepEqual((await call("GET", "/v1/apps", bearer(other))).json().apps, []);
    assert.deepEqual((await call("GET", "/v1/tokens", bearer(other))).json().tokens, []);
    const file = `/v1/apps/${app.id}/files/src/app/routes.tsx`;
    for (const [method, target, body] of [
      ["GET", ""], ["PATCH", "", { name: "Theirs" }], ["DELETE", ""], ["GET", "/messages"], ["POST", "/messages", { content: "hello" }], ["GET", "/feed"],
      ["GET", "/files"], ["GET", "/versions"], ["GET", "/versions/1"], ["POST", "/versions/1/restore"], ["POST", "/builds", { mode: "development" }],
      ["GET", "/builds/b1"], ["GET", "/builds/b1/log"], ["GET", "/tables"], ["POST", "/tables", { tables: [{ name: "notes" }] }],
      ["DELETE", "/tables/notes"], ["GET", "/tables/notes/rows"],
    ]) {
      const strange = await call(method, `/v1/apps/${app.id}${target}`, bearer(other), body);
      const none = await call(method, `/v1/apps/zzzzzzzzzzzz${target}`, bearer(other), body);
      assertProblem(strange, "not_found");
      assert.equal(strange.text, none.text, "it is like an app that is not there");
    }
    for (const method of ["GET", "PUT", "DELETE"]) {
      assertProblem(await call(method, file, { ...bearer(other), "if-match": "*" }, method === "PUT" ? "x" : undefined), "not_found");
    }

    assertProblem(await call("GET", "/v1/session", bearer(stack.token)), "unauthenticated");
    assertProblem(await call("GET", "/v1/session", { cookie: ofBootstrap }), "unauthenticated");
    const shown = await call("GET", `/v1/apps/${app.id}`, bearer(mine));
    assert.equal(shown.status, 200, "its own token still opens it");
    assert.equal((await call("GET", "/v1/session", { cookie })).json().workspace, "local", "so does a session over a restart");
    assert.equal((await call("GET", file, bearer(mine))).status, 200);
    assertNoPanic(stack);
    for (const secret of [mine, other, cookie, ofBootstrap, stack.token].map((text) => text.slice(-43))) {
      for (const log of ["worker", "builder"]) assert.ok(!stack.log(log).includes(secret), `a secret in the log of the ${log}`);
    }
  });
});
