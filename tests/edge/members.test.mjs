// An app's users at its own address, with @supabase/supabase-js as it is: who they are, what they reach, and what they do not.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createClient } from "@supabase/supabase-js";

import { startStack } from "../../xtask/local/harness.mjs";
import { mint } from "../data/callers.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";

for (const backend of ["pglite", "postgres"]) {
  describe(`over ${backend}`, () => {
    let stack;
    let kitchen;
    let garden;

    const client = (app, token) => visitor(stack, app, { token });
    const table = (app, name) => `app_${app.id}_${name}`;
    const signedUp = async (app, email) => {
      const db = client(app);
      const { data, error } = await db.auth.signUp({ email, password: PASSWORD });
      assert.equal(error, null, String(error));
      return { db, id: data.user.id, token: data.session.access_token };
    };
    /** A token as the shard makes them, with these claims. */
    const forged = (claims, secret = stack.shard().jwt_secret) => mint(claims, secret);

    before(async () => {
      stack = await startStack({ env: { OVERSKILL_DATA: backend } });
      [kitchen, garden] = [await App.create(stack, "what can you do?"), await App.create(stack, "what can you do?")];
      for (const app of [kitchen, garden]) {
        const tables = ["owner", "public_read", "app_read", "server"].map((access) => ({ name: `notes_${access}`, access, columns: [{ name: "title", type: "text" }] }));
        assert.equal((await app.api("POST", "/tables", { tables })).status, 200);
      }
    });

    after(async () => {
      for (const app of [kitchen, garden]) app?.close();
      await stack?.stop();
    });

    test("people sign up, and keep what is theirs", async () => {
      const cook = await signedUp(kitchen, "cook@example.com");
      const { data, error } = await cook.db.from(table(kitchen, "notes_owner")).insert({ title: "Soup" }).select().single();
      assert.equal(error, null, JSON.stringify(error));
      assert.deepEqual([data.title, data.user_id], ["Soup", cook.id]);
      const { data: rows, count } = await cook.db.from(table(kitchen, "notes_owner")).select("title", { count: "exact" }).eq("title", "Soup");
      assert.deepEqual([rows, count], [[{ title: "Soup" }], 1]);
      const changed = await cook.db.from(table(kitchen, "notes_owner")).update({ title: "Stew" }).eq("id", data.id).select("title");
      assert.deepEqual(changed.data, [{ title: "Stew" }]);
      const guest = await signedUp(kitchen, "guest@example.com");
      assert.deepEqual((await guest.db.from(table(kitchen, "notes_owner")).select()).data, []);
      for (const name of ["notes_app_read", "notes_public_read"]) assert.equal((await cook.db.from(table(kitchen, name)).insert({ title: "For all" })).error, null);
      assert.equal((await guest.db.from(table(kitchen, "notes_app_read")).select()).data.length, 1);
      assert.equal((await guest.db.from(table(kitchen, "notes_server")).select()).error.code, "42501");
      assert.equal((await cook.db.from(table(kitchen, "notes_owner")).delete().eq("id", data.id)).status, 204);
      const head = await cook.db.from(table(kitchen, "notes_app_read")).select("*", { count: "exact", head: true });
      assert.deepEqual([head.error, head.count], [null, 1]);
    });

    test("who has not signed in sees what is public, and nothing else", async () => {
      const nobody = client(kitchen);
      assert.equal((await nobody.from(table(kitchen, "notes_public_read")).select()).data.length, 1);
      for (const name of ["notes_owner", "notes_app_read", "notes_server"]) {
        const { error, status } = await nobody.from(table(kitchen, name)).select();
        assert.deepEqual([error.code, status], ["42501", 401], name);
      }
      assert.equal((await nobody.from(table(kitchen, "notes_public_read")).insert({ title: "Mine" })).error.code, "42501");
    });

    test("a session lasts, is renewed, and ends", async () => {
      const { db } = await signedUp(kitchen, "regular@example.com");
      assert.equal((await db.auth.getUser()).data.user.email, "regular@example.com");
      const renewed = await db.auth.refreshSession();
      assert.equal(renewed.error, null, String(renewed.error));
      assert.deepEqual((await db.from(table(kitchen, "notes_owner")).select()).data, []);
      assert.equal((await db.auth.signOut()).error, null);
      assert.equal((await db.from(table(kitchen, "notes_owner")).select()).error.code, "42501");
      assert.equal((await db.auth.signInWithPassword({ email: "regular@example.com", password: "wrong" })).error.code, "invalid_credentials");
      assert.equal((await db.auth.signInWithPassword({ email: "nobody@example.com", password: "wrong" })).error.code, "invalid_credentials");
      assert.equal((await db.auth.signInWithPassword({ email: "regular@example.com", password: PASSWORD })).error, null);
    });

    test("the same person is somebody else in another app, and only once they have come in there", async () => {
      const here = await signedUp(kitchen, "both@example.com");
      assert.equal((await here.db.from(table(kitchen, "notes_owner")).insert({ title: "In the kitchen" })).error, null);
      const { data: { session: kitchenSession } } = await here.db.auth.getSession();
      const there = await client(garden, here.token).from(table(garden, "notes_app_read")).select();
      assert.deepEqual([there.status, there.error.code], [401, "PGRST301"], "a session of one app is none in another");
      assert.equal((await client(garden).auth.getUser(here.token)).error.code, "bad_jwt");
      assert.equal((await client(garden).auth.refreshSession(kitchenSession)).error.code, "refresh_token_not_found");
      const garden1 = client(garden);
      assert.equal((await garden1.auth.signInWithPassword({ email: "both@example.com", password: PASSWORD })).error, null);
      assert.deepEqual((await garden1.from(table(garden, "notes_owner")).select()).data, []);
      assert.equal((await garden1.from(table(garden, "notes_owner")).insert({ title: "In the garden" })).error, null);
      assert.deepEqual((await here.db.from(table(kitchen, "notes_owner")).select("title")).data, [{ title: "In the kitchen" }]);
      for (const name of ["notes_owner", "notes_public_read"]) {
        const { error, status } = await garden1.from(table(kitchen, name)).select();
        assert.deepEqual([status, error.code], [404, "PGRST205"], "another app's tables are not there");
      }
      const both = (await garden1.auth.getSession()).data.session;
      const back = await client(kitchen, both.access_token).from(table(kitchen, "notes_owner")).select();
      assert.deepEqual([back.status, back.error.code], [401, "PGRST301"], "though they are a user of both by now");
    });

    test("what the shard gives out by itself is no session of an app, and an app's opens no table by itself", async () => {
      const here = await signedUp(kitchen, "direct@example.com");
      assert.equal((await here.db.from(table(kitchen, "notes_owner")).insert({ title: "Mine" })).error, null);
      const { url, publishable_key } = stack.shard();
      const quiet = { auth: { persistSession: false, autoRefreshToken: false } };
      const raw = await createClient(url, publishable_key, quiet).auth.signInWithPassword({ email: "direct@example.com", password: PASSWORD });
      assert.equal(raw.error, null, String(raw.error));
      const shown = await client(kitchen, raw.data.session.access_token).from(table(kitchen, "notes_owner")).select();
      assert.deepEqual([shown.status, shown.error.code], [401, "PGRST301"]);
      assert.equal((await client(kitchen).auth.refreshSession(raw.data.session)).error.code, "refresh_token_not_found");
      const direct = createClient(url, publishable_key, { ...quiet, accessToken: async () => here.token });
      assert.deepEqual((await direct.from(table(kitchen, "notes_owner")).select()).data, []);
    });

    test("what is no session of somebody's opens nothing", async () => {
      const { id, token } = await signedUp(kitchen, "tokens@example.com");
      const ask = async (shown) => {
        const { error, status } = await client(kitchen, shown).from(table(kitchen, "notes_app_read")).select();
        return error ? [status, error.code] : "answered";
      };
      assert.equal(await ask(token), "answered");
      const session = { sub: id, role: "authenticated", app: kitchen.id, app_id: kitchen.id };
      assert.equal(await ask(forged(session)), "answered", "what follows is wrong in one thing each");
      assert.deepEqual(await ask(forged({ ...session, app: garden.id })), [401, "PGRST301"]);
      assert.deepEqual(await ask(forged(session, "another secret that is long enough")), [401, "PGRST301"]);
      assert.deepEqual(await ask(forged({ ...session, role: "service_role" })), [401, "PGRST301"]);
      assert.deepEqual(await ask(forged({ ...session, role: "postgres" })), [401, "PGRST301"]);
      assert.deepEqual(await ask(forged({ ...session, exp: Math.floor(Date.now() / 1_000) - 60 })), [401, "PGRST303"]);
      assert.deepEqual(await ask(`${token}x`), [401, "PGRST301"]);
      assert.deepEqual(await ask(forged({ ...session, sub: "0b0e3f6c-9a53-4a1b-8f0e-3f6c9a534a1b" })), [403, "42501"]);
    });

    test("nothing else of the shard is reached", async () => {
      const { db, token } = await signedUp(kitchen, "curious@example.com");
      assert.equal((await db.rpc("provision_app", { p_app_id: kitchen.id, p_tables: [] })).error.code, "PGRST205");
      assert.equal((await db.auth.admin.listUsers()).error.status, 404);
      assert.equal((await db.auth.admin.createUser({ email: "x@example.com" })).error.status, 404);
      const host = new URL(kitchen.created.preview_url).host;
      const get = (target, headers) => stack.request(target, { host, headers: { authorization: `Bearer ${token}`, ...headers } });
      assert.equal((await get("/rest/v1/")).status, 404);
      assert.equal((await get("/rest/v1/app_tables", { "accept-profile": "platform" })).status, 404);
      const other = await get(`/rest/v1/${table(kitchen, "notes_app_read")}`, { "accept-profile": "platform", apikey: stack.shard().secret_key });
      assert.equal(other.status, 200);
      assert.equal((await get(`/rest/v1/${table(kitchen, "notes_server")}`, { apikey: stack.shard().secret_key })).status, 403, "keys that are shown count for nothing");
      assert.deepEqual(Object.keys(other.headers).filter((name) => /cookie|x-powered|server$/.test(name)), []);
      assert.equal((await get("/rest")).status, 404, "that is the app's own");
      const large = await stack.request(`/rest/v1/${table(kitchen, "notes_owner")}`, {
        host, method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify({ title: "x".repeat(5 * 1024 * 1024) }),
      });
      assert.deepEqual([large.status, large.json().code], [413, "too_large"]);
    });

    test("a forgotten password is set anew by a link that leads back to the app", async () => {
      const { db } = await signedUp(kitchen, "forgetful@example.com");
      await db.auth.signOut();
      const asked = await db.auth.resetPasswordForEmail("forgetful@example.com", { redirectTo: "https://evil.test/" });
      assert.equal(asked.error, null, String(asked.error));
      assert.equal((await db.auth.resetPasswordForEmail("nobody@example.com")).error, null, "nobody learns who has an account");
      const mails = await (await fetch(`${stack.shard().url}/mails`)).json();
      const [mail, ...more] = mails.filter(({ to }) => JSON.stringify(to).includes("forgetful"));
      assert.deepEqual(more, []);
      const links = [...`${mail.html ?? ""} ${mail.text ?? ""}`.matchAll(/https?:\/\/[^\s"'<>]+/g)].map(([link]) => new URL(link.replaceAll("&amp;", "&")));
      const link = links.find((one) => one.searchParams.has("token") || one.searchParams.has("token_hash"));
      assert.ok(link, mail.html ?? mail.text);
      assert.ok(!JSON.stringify(mail).includes("evil.test"), JSON.stringify(mail));
      const hash = link.searchParams.get("token_hash") ?? link.searchParams.get("token");
      const verified = await db.auth.verifyOtp({ type: "recovery", token_hash: hash });
      assert.equal(verified.error, null, String(verified.error));
      assert.equal((await db.auth.updateUser({ password: "another horse battery staple" })).error, null);
      await db.auth.signOut();
      assert.equal((await db.auth.signInWithPassword({ email: "forgetful@example.com", password: PASSWORD })).error.code, "invalid_credentials");
      assert.equal((await db.auth.signInWithPassword({ email: "forgetful@example.com", password: "another horse battery staple" })).error, null);
    });

    test("an app that is gone lets nobody in", async () => {
      const gone = await App.create(stack, "what can you do?");
      gone.close();
      assert.equal((await stack.api("DELETE", `/v1/apps/${gone.id}`)).status, 204);
      const { error } = await client(gone).auth.signUp({ email: "late@example.com", password: PASSWORD });
      assert.deepEqual([error.status, error.code], [404, "not_found"]);
      assertNoPanic(stack);
      const { secret_key, jwt_secret } = stack.shard();
      for (const secret of [secret_key, jwt_secret]) assert.ok(!stack.log("worker").includes(secret));
    });
  });
}
