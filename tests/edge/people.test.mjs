// How people come in to an app, with @supabase/supabase-js as it is: by a mail that confirms their address, as its owner lets them, not
// too often, and without anybody learning who has an account.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";

import { createClient } from "@supabase/supabase-js";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { PASSWORD, visitor } from "../support/visitor.mjs";
import { until } from "../support/wait.mjs";

/** A provider of identities that speaks GitHub's protocol; whoever comes is `person`. */
async function startProvider() {
  const person = { id: 4711, login: "cook", name: "Cook", email: "cook@github.test" };
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    const json = (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (url.pathname === "/login/oauth/authorize") {
      const back = new URL(url.searchParams.get("redirect_uri"));
      back.searchParams.set("state", url.searchParams.get("state"));
      back.searchParams.set("code", "code-of-the-provider");
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === "/login/oauth/access_token") json({ access_token: "token-of-the-provider", token_type: "bearer" });
    else if (request.headers.authorization !== "Bearer token-of-the-provider") response.writeHead(401).end();
    else if (url.pathname.endsWith("/user")) json(person);
    else json([{ email: person.email, verified: true, primary: true }]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { person, url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

for (const backend of ["pglite", "postgres"]) {
  describe(`over ${backend}`, () => {
    let stack;
    let provider;
    let kitchen;
    let garden;

    const mails = async (to) => {
      const answer = await stack.api("GET", `/v1/dev/mail?to=${encodeURIComponent(to)}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.body.mails;
    };
    /** The link of the newest mail to an address. */
    const link = async (to) => new URL((await mails(to))[0].links[0]);
    const origin = (app) => new URL(app.created.preview_url).origin;
    /** Where a link leads. */
    const follow = async (url) => {
      const answer = await stack.request(url.pathname + url.search, { host: url.host });
      assert.equal(answer.status, 303, answer.text);
      const to = new URL(answer.headers.location);
      return { to, page: to.origin + to.pathname, query: Object.fromEntries(to.searchParams), said: Object.fromEntries(new URLSearchParams(to.hash.slice(1))) };
    };
    const good = ({ data, error }) => {
      assert.equal(error, null, String(error?.code ?? error));
      return data;
    };
    const refusal = ({ error }) => [error?.status, error?.code];
    /** Somebody who has signed up to an app and confirmed their address. */
    const confirmed = async (app, email) => {
      const db = visitor(stack, app);
      good(await db.auth.signUp({ email, password: PASSWORD }));
      good(await db.auth.verifyOtp({ type: "signup", token_hash: (await link(email)).searchParams.get("token") }));
      return db;
    };
    const signIn = (app, email, password = PASSWORD) => visitor(stack, app).auth.signInWithPassword({ email, password });
    const decide = async (app, body) => {
      const answer = await app.api("PUT", "/sign-up", body);
      assert.deepEqual([answer.status, answer.body.policy], [200, body.policy], answer.text);
    };
    const rows = (db, app) => db.from(`app_${app.id}_notes`).select();

    before(async () => {
      provider = await startProvider();
      const github = { enabled: true, client_id: "overskill", secret: "shared", url: provider.url };
      stack = await startStack({ env: { OVERSKILL_DATA: backend, OVERSKILL_CONFIRM_EMAIL: "on", OVERSKILL_AUTH_PROVIDERS: JSON.stringify({ github }) } });
      [kitchen, garden] = [await App.create(stack, "what can you do?"), await App.create(stack, "what can you do?")];
      for (const app of [kitchen, garden]) assert.equal((await app.api("POST", "/tables", { tables: [{ name: "notes", access: "app_read" }] })).status, 200);
    });

    after(async () => {
      for (const app of [kitchen, garden]) app?.close();
      await stack?.stop();
      provider?.stop();
    });

    test("whoever signs up has to confirm their address, and the link of the mail signs them in", async () => {
      const db = visitor(stack, kitchen);
      const signedUp = good(await db.auth.signUp({ email: "Cook@example.com", password: PASSWORD, options: { data: { name: "Cook" }, emailRedirectTo: `${origin(kitchen)}/welcome?from=mail` } }));
      assert.deepEqual([signedUp.session, signedUp.user.email, signedUp.user.user_metadata], [null, "cook@example.com", { name: "Cook" }]);
      assert.deepEqual(refusal(await signIn(kitchen, "cook@example.com")), [400, "email_not_confirmed"]);
      assert.deepEqual(refusal(await signIn(kitchen, "cook@example.com", "wrong")), [400, "invalid_credentials"], "that is told to nobody else");
      const [mail, ...more] = await mails("COOK@example.com");
      assert.deepEqual([more, mail.to, mail.links.length], [[], "cook@example.com", 1]);
      assert.ok(Math.abs(mail.at - Date.now()) < 60_000 && mail.html.includes("/auth/v1/verify") && mail.text.includes("code"));
      const url = new URL(mail.links[0]);
      assert.deepEqual([url.origin, url.pathname], [origin(kitchen), "/auth/v1/verify"]);
      const { page, query, said } = await follow(url);
      assert.deepEqual([page, query, said.type, said.token_type], [`${origin(kitchen)}/welcome`, { from: "mail" }, "signup", "bearer"]);
      const session = good(await db.auth.setSession(said)).session;
      assert.equal(session.user.user_metadata.name, "Cook");
      assert.deepEqual(good(await rows(db, kitchen)), []);
      good(await db.auth.refreshSession());
      assert.equal((await rows(visitor(stack, garden, { token: session.access_token }), garden)).error.code, "PGRST301", "it is of this app alone");
      const again = await follow(url);
      assert.deepEqual([again.page, again.said.error, again.said.error_code], [`${origin(kitchen)}/welcome`, "access_denied", "otp_expired"]);
      good(await signIn(kitchen, "cook@example.com"));
    });

    test("a client that keeps a proof gets the token of the link, on whichever machine it is followed", async () => {
      const db = visitor(stack, kitchen, { flowType: "pkce" });
      good(await db.auth.signUp({ email: "careful@example.com", password: PASSWORD, options: { emailRedirectTo: `${origin(kitchen)}/welcome` } }));
      const url = await link("careful@example.com");
      const { page, query, said } = await follow(url);
      assert.deepEqual([page, query.type, said], [`${origin(kitchen)}/welcome`, "signup", {}]);
      assert.deepEqual((await follow(url)).query, query, "looking at it uses nothing up");
      const elsewhere = visitor(stack, kitchen, { flowType: "pkce" });
      const opened = good(await elsewhere.auth.verifyOtp({ type: "email", token_hash: query.token_hash }));
      assert.equal(opened.user.email, "careful@example.com");
      assert.deepEqual(good(await rows(elsewhere, kitchen)), []);
      assert.equal((await rows(visitor(stack, garden, { token: opened.session.access_token }), garden)).error.code, "PGRST301");
      assert.deepEqual(refusal(await elsewhere.auth.verifyOtp({ type: "email", token_hash: query.token_hash })), [403, "otp_expired"]);
      const [, code] = /code is (\d+)/.exec((await mails("careful@example.com"))[0].text);
      assert.match(code, /^\d{6}$/);
    });

    test("a forgotten password, a link to sign in and a new address lead home the same way", async () => {
      const db = await confirmed(kitchen, "forgetful@example.com");
      good(await db.auth.resetPasswordForEmail("forgetful@example.com", { redirectTo: `${origin(kitchen)}/new-password` }));
      const recovered = await follow(await link("forgetful@example.com"));
      assert.deepEqual([recovered.page, recovered.said.type], [`${origin(kitchen)}/new-password`, "recovery"]);
      const there = visitor(stack, kitchen);
      good(await there.auth.setSession(recovered.said));
      good(await there.auth.updateUser({ password: "another horse battery staple" }));
      good(await signIn(kitchen, "forgetful@example.com", "another horse battery staple"));
      good(await db.auth.signInWithOtp({ email: "forgetful@example.com", options: { emailRedirectTo: "https://evil.test/" } }));
      const magic = await follow(await link("forgetful@example.com"));
      assert.deepEqual([magic.to.origin, magic.said.type], [origin(kitchen), "magiclink"]);
      good(await there.auth.setSession(magic.said));
      const proof = visitor(stack, kitchen, { flowType: "pkce" });
      good(await proof.auth.resetPasswordForEmail("forgetful@example.com", { redirectTo: `${origin(kitchen)}/new-password` }));
      const { page, query } = await follow(await link("forgetful@example.com"));
      assert.deepEqual([page, query.type], [`${origin(kitchen)}/new-password`, "recovery"]);
      good(await proof.auth.verifyOtp({ type: "recovery", token_hash: query.token_hash }));
      good(await proof.auth.updateUser({ email: "mindful@example.com" }));
      assert.equal((await link("forgetful@example.com")).origin, origin(kitchen));
    });

    test("a link without what opens a session says so, and leads home", async () => {
      const at = (query) => follow(new URL(`${origin(kitchen)}/auth/v1/verify?${query}`));
      const none = await at("redirect_to=https%3A%2F%2Fevil.test");
      assert.deepEqual([none.to.origin, none.said.error], [origin(kitchen), "access_denied"]);
      assert.equal((await at("token=guessed&type=signup")).said.error_code, "otp_expired");
      assert.equal((await at("token=guessed&type=nonsense")).said.error_code, "validation_failed");
      const failed = await at("error=server_error&error_code=bad_oauth_state&error_description=It+is+over");
      assert.deepEqual(failed.said, { error: "access_denied", error_code: "bad_oauth_state", error_description: "It is over" });
    });

    test("nobody learns who has an account", async () => {
      await confirmed(garden, "known@example.com");
      const unconfirmed = visitor(stack, garden);
      good(await unconfirmed.auth.signUp({ email: "half@example.com", password: PASSWORD }));
      const answers = [];
      for (const email of ["known@example.com", "half@example.com", "new@example.com"]) {
        const db = visitor(stack, kitchen);
        const [first, second] = [good(await db.auth.signUp({ email, password: PASSWORD })), good(await db.auth.signUp({ email, password: "another password" }))];
        assert.deepEqual([first.session, first.user.id], [null, second.user.id], email);
        answers.push({ ...first.user, ...Object.fromEntries(["id", "email", "created_at", "updated_at", "confirmation_sent_at"].map((name) => [name, typeof first.user[name]])) });
        good(await db.auth.resetPasswordForEmail(email));
        good(await db.auth.resend({ type: "signup", email }));
        good(await db.auth.signInWithOtp({ email, options: { shouldCreateUser: true } }));
        assert.deepEqual(refusal(await signIn(kitchen, email, "wrong")), [400, "invalid_credentials"]);
      }
      assert.deepEqual(answers[0], answers[1]);
      assert.deepEqual(answers[0], answers[2]);
      const confirming = async (email) => (await mails(email)).filter(({ links }) => links[0].includes("type=signup")).length;
      assert.deepEqual([await confirming("known@example.com"), await confirming("half@example.com")], [1, 4], "who has one is told by mail alone");
      good(await signIn(garden, "known@example.com"));
      assert.equal((await signIn(kitchen, "half@example.com", "another password")).error.code, "invalid_credentials", "a second sign-up sets no password");
    });

    test("who may make an account is what the owner decides, and who is in stays in", async () => {
      await confirmed(garden, "gardener@example.com");
      for (const [policy, code] of [["invite_only", "signup_disabled"], ["closed", "signup_disabled"], ["email_domain", "email_address_not_authorized"]]) {
        const app = await App.create(stack, "what can you do?");
        app.close();
        const [early, never] = [`early-${policy}@example.com`, `never-${policy}@example.com`];
        assert.deepEqual((await app.api("GET", "/sign-up")).body, { policy: "open", domains: [] });
        await confirmed(app, early);
        await decide(app, { policy, domains: policy === "email_domain" ? ["kitchen.test"] : [] });
        for (const email of [early, "gardener@example.com", never]) {
          assert.deepEqual(refusal(await visitor(stack, app).auth.signUp({ email, password: PASSWORD })), [403, code], `${policy}: the same for everybody`);
        }
        good(await visitor(stack, app).auth.resetPasswordForEmail(never));
        assert.deepEqual(await mails(never), [], "no account was made");
        good(await signIn(app, early));
        assert.deepEqual(refusal(await signIn(app, "gardener@example.com")), [403, code], "an account of another app's is a new one here");
        const count = async (email) => (await mails(email)).length;
        const before = [await count(early), await count("gardener@example.com")];
        for (const email of [early, "gardener@example.com"]) good(await visitor(stack, app).auth.signInWithOtp({ email }));
        assert.deepEqual([await count(early), await count("gardener@example.com")], [before[0] + 1, before[1]], "a user gets a link, nobody else does");
        good(await visitor(stack, garden).auth.resetPasswordForEmail("gardener@example.com"));
        const token = (await link("gardener@example.com")).searchParams.get("token");
        const refused = await follow(new URL(`${origin(app)}/auth/v1/verify?token=${token}&type=recovery`));
        assert.equal(refused.said.error_code, code, "not by a link either");
        if (policy === "email_domain") {
          const cook = await confirmed(app, "cook@kitchen.test");
          assert.equal(good(await cook.auth.getUser()).user.email, "cook@kitchen.test");
        }
      }
      assertProblem(await kitchen.api("PUT", "/sign-up", { policy: "anybody" }), "unprocessable", /open, email_domain, invite_only, closed/);
      assertProblem(await kitchen.api("PUT", "/sign-up", []), "invalid");
      assert.doesNotMatch(stack.log("worker"), /stays open/);
    });

    test("who is invited gets a mail, comes in, and is seen by the owner", async () => {
      const app = await App.create(stack, "what can you do?");
      app.close();
      await decide(app, { policy: "invite_only" });
      const team = "0b0e3f6c-9a53-4a1b-8f0e-3f6c9a534a1b";
      const invited = await app.api("POST", "/members", { email: "Guest@example.com", team, role: "admin" });
      assert.deepEqual([invited.status, invited.body.mailed, invited.body.member.status, invited.body.member.user], [200, true, "invited", null], invited.text);
      const { page, query } = await follow(await link("guest@example.com"));
      assert.deepEqual([page, typeof query.token_hash], [`${origin(app)}/`, "string"]);
      const guest = visitor(stack, app, { flowType: "pkce" });
      const { user } = good(await guest.auth.verifyOtp({ type: query.type, token_hash: query.token_hash }));
      const { members, next_cursor } = await app.get("/members");
      assert.deepEqual([members.length, next_cursor, members[0].user, members[0].email, members[0].status, members[0].invited, members[0].teams], [1, null, user.id, "guest@example.com", "active", true, [{ team, role: "admin" }]]);
      const again = await app.api("POST", "/members", { email: "guest@example.com" });
      assert.deepEqual([again.body.mailed, again.body.member.status], [false, "active"], "who is in needs no invitation");
      for (const name of ["a", "b", "c"]) assert.equal((await app.api("POST", "/members", { email: `${name}@example.com` })).status, 200);
      const first = await app.get("/members?limit=2");
      const second = await app.get(`/members?limit=2&cursor=${first.next_cursor}`);
      assert.deepEqual([...first.members, ...second.members].map(({ email }) => email), ["a@example.com", "b@example.com", "c@example.com", "guest@example.com"]);
      assert.equal(second.next_cursor, null);
      assert.equal((await app.api("DELETE", "/members/a%40example.com")).status, 204);
      assertProblem(await app.api("DELETE", "/members/a%40example.com"), "not_found");
      const left = await app.api("PATCH", `/members/${user.id}`, { team, role: null });
      assert.deepEqual(left.body.member.teams, []);
      for (const wrong of [{}, { email: "x" }, { email: "a@example.com", role: "admin" }, { email: "a@example.com", who: 1 }]) assertProblem(await app.api("POST", "/members", wrong), "unprocessable");
      for (const [method, target, body] of [["GET", "/members"], ["POST", "/members", { email: "a@example.com" }], ["PATCH", `/members/${user.id}`, {}], ["DELETE", `/members/${user.id}`], ["GET", "/sign-up"], ["PUT", "/sign-up", { policy: "open" }]]) {
        assert.equal((await app.api(method, target, body, { authorization: "Bearer nobody" })).status, 401, `${method} ${target}`);
      }
    });

    test("who is blocked while signed in is out, and stays out until they are let in again", async () => {
      const app = await App.create(stack, "what can you do?");
      app.close();
      assert.equal((await app.api("POST", "/tables", { tables: [{ name: "notes", access: "owner", columns: [{ name: "title", type: "text" }] }] })).status, 200);
      const db = await confirmed(app, "guest-of-all@example.com");
      good(await db.from(`app_${app.id}_notes`).insert({ title: "Mine" }));
      const { user } = good(await db.auth.getUser());
      const channel = db.channel("members", { config: { private: true } });
      assert.equal(await new Promise((resolve) => channel.subscribe(resolve)), "SUBSCRIBED");
      const change = (body) => app.api("PATCH", `/members/${user.id}`, body);
      assert.equal((await change({ status: "blocked" })).body.member.status, "blocked");
      assert.equal((await change({ status: "blocked" })).status, 200, "done again");
      await until("they are out", async () => (await rows(db, app)).error?.code === "42501", { timeoutMs: 35_000, everyMs: 1_000 });
      // It is looked at twice a minute, when the client says that it is there.
      await until("they hear of nothing any more", async () => {
        await db.realtime.sendHeartbeat();
        return channel.state !== "joined";
      }, { timeoutMs: 35_000, everyMs: 1_000 });
      await db.removeAllChannels();
      assert.deepEqual(refusal(await db.auth.refreshSession()), [403, "user_banned"]);
      assert.deepEqual(refusal(await signIn(app, "guest-of-all@example.com")), [403, "user_banned"]);
      good(await signIn(garden, "guest-of-all@example.com"));
      assert.equal((await change({ status: "active" })).body.member.status, "active");
      const back = visitor(stack, app);
      good(await back.auth.signInWithPassword({ email: "guest-of-all@example.com", password: PASSWORD }));
      assert.equal(good(await rows(back, app)).length, 1);
      assert.equal((await app.api("DELETE", `/members/${user.id}`)).status, 204);
      assertProblem(await change({ status: "active" }), "not_found");
      good(await back.auth.signInWithPassword({ email: "guest-of-all@example.com", password: PASSWORD }));
      assert.equal(good(await rows(back, app)).length, 1, "what was theirs is theirs again");
      assert.doesNotMatch(stack.log("worker"), /stays open/);
    });

    test("whoever tries too often waits, and nobody else does", async () => {
      const app = await App.create(stack, "what can you do?");
      app.close();
      await confirmed(app, "victim@example.com");
      const from = (address) => visitor(stack, app, { headers: { "cf-connecting-ip": address } });
      let tries = 0;
      let held;
      while (!held && tries < 40) {
        const answer = await from(`192.0.2.${tries}`).auth.signInWithPassword({ email: "victim@example.com", password: "wrong" });
        if (answer.error.status === 429) held = answer.error;
        else tries += 1;
      }
      assert.deepEqual([held.code, tries], ["over_request_rate_limit", 19], "twenty with the sign-up");
      const host = new URL(app.created.preview_url).host;
      const raw = await stack.request("/auth/v1/token?grant_type=password", { host, method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "VICTIM@example.com ", password: PASSWORD }) });
      assert.equal(raw.status, 429);
      assert.ok(Number(raw.headers["retry-after"]) > 200 && Number(raw.headers["retry-after"]) <= 300, raw.headers["retry-after"]);
      assert.deepEqual(refusal(await from("192.0.2.99").auth.signInWithPassword({ email: "somebody@example.com", password: "wrong" })), [400, "invalid_credentials"]);
      good(await signIn(garden, "victim@example.com"));
      const sent = [];
      for (let index = 0; index < 7; index += 1) sent.push((await from("198.51.100.1").auth.resetPasswordForEmail("mailed@example.com")).error?.status ?? 200);
      assert.deepEqual(sent, [200, 200, 200, 200, 200, 429, 429]);
      const attempt = (address, index) => from(address).auth.signInWithPassword({ email: `n${index}@example.com`, password: "wrong" }).then(({ error }) => error.status);
      const flood = [];
      for (let index = 0; index < 101; index += 1) flood.push(await attempt("2001:db8:1:2::" + (index + 1).toString(16), index));
      assert.deepEqual([flood.filter((status) => status === 400).length, flood.at(-1)], [100, 429]);
      assert.equal(await attempt("2001:db8:1:3::1", 200), 400);
    });

    test("who comes by a provider of identities is a user like any other", async () => {
      const app = await App.create(stack, "what can you do?");
      app.close();
      assert.equal((await app.api("POST", "/tables", { tables: [{ name: "notes", access: "app_read" }] })).status, 200);
      const goes = async (db, redirectTo) => {
        const { url } = good(await db.auth.signInWithOAuth({ provider: "github", options: { redirectTo, skipBrowserRedirect: true } }));
        const { pathname, search, host } = new URL(url);
        const first = await stack.request(pathname + search, { host });
        assert.equal(first.status, 302, first.text);
        assert.equal(new URL(first.headers.location).origin, provider.url);
        const second = await fetch(first.headers.location, { redirect: "manual" });
        const third = await fetch(second.headers.get("location"), { redirect: "manual" });
        return follow(new URL(third.headers.get("location")));
      };
      const db = visitor(stack, app, { flowType: "pkce" });
      const { page, query } = await goes(db, `${origin(app)}/welcome`);
      assert.equal(page, `${origin(app)}/welcome`);
      const { session } = good(await db.auth.exchangeCodeForSession(query.code));
      assert.equal(session.user.email, provider.person.email);
      assert.deepEqual(good(await rows(db, app)), []);
      assert.equal((await rows(visitor(stack, garden, { token: session.access_token }), garden)).error.code, "PGRST301");
      const elsewhere = await goes(visitor(stack, app, { flowType: "pkce" }), "https://evil.test/");
      assert.equal(elsewhere.to.origin, origin(app));
      assert.ok((await visitor(stack, app, { flowType: "pkce" }).auth.exchangeCodeForSession(elsewhere.query.code)).error, "a code without its proof opens nothing");
      const implicit = await stack.request("/auth/v1/authorize?provider=github", { host: new URL(app.created.preview_url).host });
      assert.deepEqual([implicit.status, implicit.json().error_code], [400, "validation_failed"]);
      await decide(app, { policy: "invite_only" });
      const again = visitor(stack, app, { flowType: "pkce" });
      good(await again.auth.exchangeCodeForSession((await goes(again)).query.code));
      provider.person.id += 1;
      provider.person.email = "other@github.test";
      const stranger = visitor(stack, app, { flowType: "pkce" });
      assert.deepEqual(refusal(await stranger.auth.exchangeCodeForSession((await goes(stranger)).query.code)), [403, "signup_disabled"]);
      assert.equal((await app.get("/members")).members.length, 1);
    });

    test("mails are read by whoever has a token, and a shard's own links lead to it", async () => {
      assert.equal((await stack.request("/v1/dev/mail")).status, 401);
      assertProblem(await stack.api("GET", "/v1/dev/mail?from=x"), "invalid");
      const { url, publishable_key } = stack.shard();
      const direct = createClient(url, publishable_key, { auth: { persistSession: false, autoRefreshToken: false } });
      good(await direct.auth.signUp({ email: "direct@example.com", password: PASSWORD }));
      assert.equal((await link("direct@example.com")).pathname, "/auth/v1/verify");
      const all = (await stack.api("GET", "/v1/dev/mail")).body.mails;
      assert.ok(all.length > 10 && all.every(({ at }, index) => index === 0 || at <= all[index - 1].at));
      assertNoPanic(stack);
      const { secret_key, jwt_secret } = stack.shard();
      for (const log of [stack.log("worker"), stack.log("data")]) for (const secret of [secret_key, jwt_secret]) assert.ok(!log.includes(secret));
    });
  });
}
