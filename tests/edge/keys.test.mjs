// A shard whose tokens are signed with private keys, as new Supabase projects' are: one that the project signs sessions with, and one of
// ours, which it only believes.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { newSigningKey, signedBy, signedWith } from "../../xtask/local/data/signing.mjs";
import { serve } from "../../xtask/local/data/shard.mjs";
import { startShard } from "../data/shard.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";

const settings = (shard, key) => ({
  SUPABASE_URL: shard.url, SUPABASE_SECRET_KEY: shard.secret_key, SUPABASE_PUBLISHABLE_KEY: shard.publishable_key, SUPABASE_JWT_SECRET: JSON.stringify(key),
});
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const headOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

for (const role of ["stands by", "signs the project's sessions"]) {
  describe(`our key ${role}`, () => {
    let shard;
    let stack;
    let kitchen;
    let garden;
    let key;

    const define = async (app) => {
      const answer = await app.api("POST", "/tables", { tables: [{ name: "notes", access: "owner", columns: [{ name: "title", type: "text" }] }] });
      assert.equal(answer.status, 200, answer.text);
    };
    const signUp = async (app, email) => {
      const client = visitor(stack, app);
      const { data, error } = await client.auth.signUp({ email, password: PASSWORD });
      assert.equal(error, null, error?.message);
      return { client, session: data.session };
    };
    const titles = async (client, app) => {
      const { data, error } = await client.from(`app_${app.id}_notes`).select("title");
      return error ? error.code : data.map(({ title }) => title);
    };

    before(async () => {
      shard = await startShard("pglite", ["--signing-keys"]);
      key = shard.signing_keys[role === "stands by" ? 1 : 0];
      stack = await startStack({ env: settings(shard, key) });
      [kitchen, garden] = [await App.create(stack, "what can you do?"), await App.create(stack, "what can you do?")];
      await define(kitchen);
      await define(garden);
    });
    after(async () => {
      if (stack) assertNoPanic(stack);
      for (const app of [kitchen, garden]) app?.close();
      await stack?.stop();
      await shard?.stop();
    });

    test("people sign up, keep rows, renew their session, and sign out", async () => {
      const { client, session } = await signUp(kitchen, "ada@example.com");
      assert.deepEqual(headOf(session.access_token), { alg: "ES256", typ: "JWT", kid: key.kid });
      assert.equal(claimsOf(session.access_token).app, kitchen.id);
      const { error } = await client.from(`app_${kitchen.id}_notes`).insert({ title: "Soup" });
      assert.equal(error, null, error?.message);
      assert.deepEqual(await titles(client, kitchen), ["Soup"]);
      const renewed = await client.auth.refreshSession();
      assert.equal(renewed.error, null, renewed.error?.message);
      assert.equal(headOf(renewed.data.session.access_token).kid, key.kid);
      assert.deepEqual(await titles(client, kitchen), ["Soup"]);
      const { data } = await client.auth.getUser();
      assert.equal(data.user.email, "ada@example.com");
      const changed = await client.auth.updateUser({ data: { name: "Ada" } });
      assert.equal(changed.error, null, changed.error?.message);
      assert.equal((await client.auth.signOut()).error, null);
      const again = visitor(stack, kitchen);
      assert.equal((await again.auth.signInWithPassword({ email: "ada@example.com", password: PASSWORD })).error, null);
      assert.deepEqual(await titles(again, kitchen), ["Soup"]);
    });

    test("a session is one app's, and what somebody else signs is none", async () => {
      const { session } = await signUp(kitchen, "bob@example.com");
      const token = session.access_token;
      const as = (shown) => titles(visitor(stack, kitchen, { token: shown }), kitchen);
      assert.deepEqual(await as(token), []);
      assert.equal(await titles(visitor(stack, garden, { token }), garden), "PGRST301");
      const claims = claimsOf(token);
      const { x, y } = key;
      const elsewhere = { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), kid: key.kid };
      const unsigned = (alg) => `${Buffer.from(JSON.stringify({ alg, kid: key.kid })).toString("base64url")}.${token.split(".")[1]}`;
      for (const [what, forged] of Object.entries({
        "another key of this name": signedWith(elsewhere, claims),
        "the public half as a secret": signedBy(JSON.stringify({ kty: "EC", crv: "P-256", x, y }), claims),
        "a part of the public half as a secret": signedBy(x, claims),
        "the private half as a secret": signedBy(key.d, claims),
        "nothing": `${unsigned("none")}.`,
        "a signature of nothing": `${unsigned("ES256")}.${Buffer.alloc(64).toString("base64url")}`,
        "another algorithm": `${unsigned("RS256")}.${token.split(".")[2]}`,
        "a session as the project gives it out": signedWith(shard.signing_keys[0], { ...claims, app: undefined }),
        "the project's other key": signedWith(shard.signing_keys.find(({ kid }) => kid !== key.kid), claims),
        "another role": signedWith(elsewhere, { ...claims, role: "service_role" }),
      })) assert.equal(await as(forged), "PGRST301", what);
      assert.equal(await as(signedWith(key, { ...claims, exp: Math.floor(Date.now() / 1_000) - 60 })), "PGRST303");
    });

    test("what renews a session does so in its app alone", async () => {
      const { session } = await signUp(kitchen, "cid@example.com");
      const { error } = await visitor(stack, garden).auth.refreshSession({ refresh_token: session.refresh_token });
      assert.equal(error?.code, "refresh_token_not_found");
    });

    test("a key is taken where the project believes it, and told to nobody", async () => {
      const url = shard.url.replace("127.0.0.1", "localhost");
      const add = (jwt_secret) => stack.api("POST", "/v1/shards", { url, secret_key: shard.secret_key, publishable_key: shard.publishable_key, jwt_secret });
      assertProblem(await add(JSON.stringify(newSigningKey())), "unprocessable", /not ready/);
      assertProblem(await add(JSON.stringify({ ...key, d: undefined })), "invalid", /private key for ES256/);
      assertProblem(await add("x".repeat(64)), "unprocessable", /not ready/);
      const answer = await add(JSON.stringify(key));
      assert.equal(answer.status, 201, answer.text);
      assert.ok(!answer.text.includes(key.d));
      for (const log of ["worker", "dev"]) assert.ok(!stack.log(log).includes(key.d), `the key is in the log of ${log}`);
    });
  });
}

test("a session signed with a key that the project does not publish opens nothing, and the log says why", async () => {
  const shard = await startShard("pglite", ["--signing-keys"]);
  let asked = 0;
  const front = await serve(async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname.endsWith("/jwks.json")) return (asked += 1) === 1 ? new Response("<h1>paused</h1>", { status: 503 }) : Response.json({ keys: [] });
    const { status, headers, body } = await fetch(shard.url + pathname + search, { method: request.method, headers: request.headers, body: request.body, duplex: "half" });
    return new Response(body, { status, headers: { "content-type": headers.get("content-type") ?? "" } });
  });
  const url = `http://127.0.0.1:${front.address().port}`;
  const stack = await startStack({ env: settings({ ...shard, url }, shard.signing_keys[1]) });
  try {
    const app = await App.create(stack, "what can you do?");
    app.close();
    const ada = { email: "ada@example.com", password: PASSWORD };
    assert.equal((await visitor(stack, app).auth.signUp(ada)).error?.status, 503);
    assert.deepEqual((await app.get("/members")).members, [], "who has no session joins nothing");
    assert.equal((await visitor(stack, app).auth.signInWithPassword(ada)).error?.status, 500);
    assert.match(stack.log("worker"), /signs its tokens with a secret, or with a key that it does not publish/);
    assertNoPanic(stack);
  } finally {
    await stack.stop();
    front.close();
    front.closeAllConnections();
    await shard.stop();
  }
});
