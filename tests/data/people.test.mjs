// Who may come in to an app: what its owner decides, invitations, and who is out.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { client, person, service, token } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const APP = "people01";

for (const backend of ["postgres", "pglite"]) {
  describe(`people, over ${backend}`, () => {
    let shard;
    let admin;
    let count = 0;

    const call = async (name, given) => {
      const { data, error } = await admin.rpc(name, given);
      return error ? error.code : data;
    };
    const fresh = () => `people${String((count += 1)).padStart(4, "0")}`;
    const join = (app, who) => call("join_app", { p_app_id: app, p_user_id: who.id });
    const decide = (app, sign_up) => call("set_sign_up", { p_app_id: app, p_sign_up: sign_up });
    const invite = (app, member) => call("invite_member", { p_app_id: app, p_member: member });
    const change = (app, who, p_change) => call("set_member", { p_app_id: app, p_user_id: who.id, p_change });
    const list = (app, p_after = null, p_limit = 50) => call("list_members", { p_app_id: app, p_after, p_limit });
    const audited = async (app) => (await shard.sql`select action from platform.audit where app_id = ${app} order by id`).map(({ action }) => action);

    before(async () => {
      shard = await startShard(backend);
      admin = service(shard);
    });

    after(() => shard?.stop());

    test("who may join is what the owner has decided, and who is in stays in", async () => {
      const app = fresh();
      const [early, cook, guest] = [await person(shard, `early-${app}@example.com`), await person(shard, `cook-${app}@kitchen.test`), await person(shard, `guest-${app}@kitchen.test.evil.test`)];
      assert.deepEqual(await call("sign_up_policy", { p_app_id: app }), { policy: "open", domains: [] });
      assert.equal(await join(app, early), "active");
      assert.deepEqual(await decide(app, { policy: "email_domain", domains: [" Kitchen.test", "kitchen.test"] }), { policy: "email_domain", domains: ["kitchen.test"] });
      assert.equal(await join(app, guest), "email_domain");
      assert.equal(await join(app, cook), "active");
      await decide(app, { policy: "invite_only" });
      assert.equal(await join(app, guest), "invite_only");
      assert.equal((await invite(app, { email: guest.email.toUpperCase() })).status, "invited");
      await decide(app, { policy: "closed" });
      assert.equal(await join(app, guest), "closed", "an invitation does not open a closed app");
      assert.equal(await join(app, early), "active");
      assert.equal(await invite(app, { email: "late@example.com" }), "0A000");
      await decide(app, { policy: "email_domain", domains: ["elsewhere.test"] });
      assert.equal(await join(app, guest), "active", "who is invited need not be of the domain");
      await decide(app, { policy: "open" });
      assert.deepEqual(await decide(app, { policy: "open" }), { policy: "open", domains: [] });
      assert.deepEqual(await audited(app), ["join", "set_sign_up", "join", "set_sign_up", "invite", "set_sign_up", "set_sign_up", "join", "set_sign_up"], "what changes nothing is not written down");
    });

    test("an address that was not confirmed is none", async () => {
      const app = fresh();
      const cook = await person(shard, `cook-${app}@kitchen.test`);
      await decide(app, { policy: "email_domain", domains: ["kitchen.test"] });
      await shard.sql`update auth.users set email_confirmed_at = null where id = ${cook.id}`;
      assert.equal(await join(app, cook), "email_domain");
      await shard.sql`update auth.users set email_confirmed_at = now() where id = ${cook.id}`;
      assert.equal(await join(app, cook), "active");
    });

    test("what is asked before an account is made does not depend on who has one, unless users are spared", async () => {
      const app = fresh();
      const cook = await person(shard, `cook-${app}@example.com`);
      const refusal = (email, p_spares_users) => call("sign_up_refusal", { p_app_id: app, p_email: email, p_spares_users });
      assert.equal(await refusal("anybody@example.com", false), null);
      assert.equal(await join(app, cook), "active");
      await decide(app, { policy: "invite_only" });
      assert.deepEqual([await refusal(cook.email, false), await refusal("nobody@example.com", false), await refusal(null, false)], Array(3).fill("invite_only"));
      assert.deepEqual([await refusal(cook.email.toUpperCase(), true), await refusal("nobody@example.com", true)], [null, "invite_only"]);
      await invite(app, { email: "nobody@example.com" });
      assert.equal(await refusal("Nobody@example.com", false), null);
      await change(app, cook, { status: "blocked" });
      assert.equal(await refusal(cook.email, true), "invite_only");
    });

    test("the owner sees who is in and who is invited, page by page", async () => {
      const app = fresh();
      const people = [];
      for (const name of ["c", "a", "b"]) people.push(await person(shard, `${name}-${app}@example.com`));
      for (const one of people) assert.equal(await join(app, one), "active");
      const team = randomUUID();
      await invite(app, { email: `aa-${app}@example.com`, team, role: "admin" });
      const [first, second] = await list(app, null, 2);
      assert.deepEqual([first, second].map(({ person: { email, status, invited } }) => [email, status, invited]), [[`a-${app}@example.com`, "active", false], [`aa-${app}@example.com`, "invited", true]]);
      assert.deepEqual(second.person.teams, [{ team, role: "admin" }]);
      assert.ok(Math.abs(second.person.invited_at - Date.now()) < 60_000 && second.person.joined_at === null);
      const rest = await list(app, second.place, 10);
      assert.deepEqual(rest.map(({ person: one }) => one.email), [`b-${app}@example.com`, `c-${app}@example.com`]);
      assert.deepEqual(rest.map(({ person: one }) => one.user), [people[2].id, people[0].id]);
      assert.deepEqual(await list(fresh()), []);
    });

    test("who was invited into a team is in it with the first visit, and roles change", async () => {
      const [app, team] = [fresh(), randomUUID()];
      const cook = await person(shard, `cook-${app}@example.com`);
      await invite(app, { email: cook.email, team });
      assert.equal(await join(app, cook), "active");
      const roles = async () => (await shard.sql`select role from platform.team_members where app_id = ${app} and team_id = ${team} and user_id = ${cook.id}`).map(({ role }) => role);
      assert.deepEqual(await roles(), ["member"]);
      assert.deepEqual((await change(app, cook, { team, role: "owner" })).teams, [{ team, role: "owner" }]);
      assert.deepEqual((await invite(app, { email: cook.email, team, role: "admin" })).teams, [{ team, role: "admin" }], "who is in already is put there at once");
      assert.deepEqual((await change(app, cook, { team, role: null })).teams, []);
      assert.deepEqual(await roles(), []);
    });

    test("what somebody adds who is in one team alone is its, unless they say otherwise", async () => {
      const [app, red, blue] = [fresh(), randomUUID(), randomUUID()];
      await call("provision_app", { p_app_id: app, p_tables: [{ name: "boards", access: "team", columns: [{ name: "title", type: "text" }] }] });
      const cook = await person(shard, `cook-${app}@example.com`);
      await join(app, cook);
      const add = async (row) => {
        const { data, error } = await client(shard, token(shard, cook, app)).from(`app_${app}_boards`).insert(row).select("team_id").single();
        return error ? [error.code, error.message] : data.team_id;
      };
      assert.deepEqual(await add({ title: "of nobody" }), ["42501", "You are in no team of this app."]);
      await change(app, cook, { team: red, role: "member" });
      assert.equal(await add({ title: "of the one" }), red);
      assert.equal((await add({ title: "of another", team_id: blue }))[0], "42501");
      await change(app, cook, { team: blue, role: "member" });
      assert.deepEqual(await add({ title: "of which?" }), ["42501", "You are in several teams of this app."]);
      assert.equal(await add({ title: "of this one", team_id: blue }), blue);
      // A team of another app is none here.
      const other = fresh();
      await call("provision_app", { p_app_id: other, p_tables: [{ name: "boards", access: "team", columns: [{ name: "title", type: "text" }] }] });
      const { error } = await client(shard, token(shard, cook, other)).from(`app_${other}_boards`).insert({ title: "of no team here" });
      assert.equal(error.message, "You are in no team of this app.");
      // The platform itself is in none.
      const { error: missing } = await admin.from(`app_${app}_boards`).insert({ title: "of nobody", user_id: cook.id });
      assert.equal(missing.code, "23502");
    });

    test("who is blocked stays out, who is removed may come again", async () => {
      const app = fresh();
      const cook = await person(shard, `cook-${app}@example.com`);
      await invite(app, { email: cook.email });
      assert.equal(await join(app, cook), "active");
      assert.equal((await change(app, cook, { status: "blocked" })).status, "blocked");
      assert.equal((await change(app, cook, { status: "blocked" })).status, "blocked", "done again");
      assert.equal(await join(app, cook), "blocked");
      assert.equal((await change(app, cook, { status: "active" })).status, "active");
      await decide(app, { policy: "invite_only" });
      const remove = (who) => call("remove_member", { p_app_id: app, p_who: who });
      assert.deepEqual([await remove(cook.id), await remove(cook.id)], [true, false]);
      assert.equal(await join(app, cook), "invite_only", "their invitation went with them");
      await invite(app, { email: cook.email });
      assert.deepEqual([await remove(cook.email.toUpperCase()), await remove(cook.email)], [true, false]);
      assert.equal(await change(app, cook, { status: "active" }), null, "they are no user any more");
      assert.deepEqual(await list(app), []);
    });

    test("what makes no sense is refused, and changes nothing", async () => {
      const app = fresh();
      const cook = await person(shard, `cook-${app}@example.com`);
      await join(app, cook);
      for (const wrong of [
        null, [], {}, { policy: "anybody" }, { policy: "open", more: 1 }, { policy: "email_domain" }, { policy: "email_domain", domains: [] }, { policy: "open", domains: ["a.test"] },
        { policy: "email_domain", domains: "a.test" }, { policy: "email_domain", domains: ["@a.test"] }, { policy: "email_domain", domains: ["*.test"] }, { policy: "email_domain", domains: ["a"] },
        { policy: "email_domain", domains: Array.from({ length: 101 }, (_, at) => `a${at}.test`) }, { policy: "email_domain", domains: ["a.test'; drop table platform.apps; --"] },
      ]) assert.equal(await decide(app, wrong), "22023", JSON.stringify(wrong));
      for (const wrong of [{}, { email: "x" }, { email: "a b@example.com" }, { email: `${"x".repeat(250)}@a.test` }, { email: "a@example.com", role: "admin" }, { email: "a@example.com", team: randomUUID(), role: "god" }, { email: "a@example.com", who: 1 }]) {
        assert.equal(await invite(app, wrong), "22023", JSON.stringify(wrong));
      }
      assert.equal(await invite(app, { email: "a@example.com", team: "x" }), "22P02");
      for (const wrong of [{}, { status: "gone" }, { role: "admin" }, { team: randomUUID(), role: "god" }, { status: "active", more: 1 }]) assert.equal(await change(app, cook, wrong), "22023", JSON.stringify(wrong));
      assert.equal(await call("list_members", { p_app_id: app, p_after: "' or true", p_limit: 5 }).then((found) => found.length), 1);
      assert.deepEqual(await audited(app), ["join"]);
    });

    test("with the app goes what was decided and who was invited", async () => {
      await decide(APP, { policy: "invite_only" });
      await invite(APP, { email: "cook@example.com" });
      assert.equal(await call("drop_app", { p_app_id: APP, p_max: 5 }), 0);
      assert.deepEqual(await call("sign_up_policy", { p_app_id: APP }), { policy: "open", domains: [] });
      assert.deepEqual(await list(APP), []);
    });
  });
}
