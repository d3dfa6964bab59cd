// What `cargo xtask doctor` says of a project that is ready, and of one in which one thing after the other is wrong.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { newSigningKey } from "../../xtask/local/data/signing.mjs";
import { startShard } from "./shard.mjs";

const DOCTOR = path.join(import.meta.dirname, "../../xtask/local/data/doctor.mjs");

describe("the doctor", () => {
  let shard;

  before(async () => {
    shard = await startShard("postgres");
  });
  after(() => shard?.stop());

  /** What it finds of the shard, some settings being others: `{part: found, or the remedy after "✗ "}`. */
  const look = async (more = {}) => {
    const { url, secret_key, publishable_key, jwt_secret } = shard;
    const settings = { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secret_key, SUPABASE_PUBLISHABLE_KEY: publishable_key, SUPABASE_JWT_SECRET: jwt_secret, ...more };
    const child = spawn(process.execPath, [DOCTOR], { env: { ...process.env, ...settings } });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += part));
    const status = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(status, 0, text);
    for (const secret of [settings.SUPABASE_SECRET_KEY, settings.SUPABASE_JWT_SECRET]) assert.ok(!secret || !text.includes(secret), "a secret is told");
    const findings = text.trim().split("\n").map((line) => JSON.parse(line));
    return Object.fromEntries(findings.map(({ part, found, remedy }) => [part.replace("project: ", ""), found ?? `✗ ${remedy}`]));
  };
  /** The findings that want something done. */
  const wrong = (findings) => Object.fromEntries(Object.entries(findings).filter(([, text]) => text.startsWith("✗")));
  const only = (findings, part, says) => {
    const found = wrong(findings);
    assert.deepEqual(Object.keys(found), [part]);
    assert.match(found[part], says);
  };
  /** The findings while the database is changed, which is changed back. */
  const meanwhile = async (change, back) => {
    await shard.sql.unsafe(`${change}; notify pgrst, 'reload schema'`).simple();
    try {
      return await look();
    } finally {
      await shard.sql.unsafe(`${back}; notify pgrst, 'reload schema'`).simple();
    }
  };

  test("has nothing against one that is ready", async () => {
    const findings = await look();
    assert.deepEqual(wrong(findings), {});
    assert.deepEqual(Object.keys(findings), ["settings", "address", "clock", "publishable key", "sign-up", "sign-in by email", "secret key", "migrations", "JWT secret", "other tokens", "functions", "realtime"]);
    assert.equal(findings.realtime, "on, and heard by those whom it is for");
    assert.deepEqual(wrong(await look({ SUPABASE_URL: `${shard.url}/` })), {});
  });

  test("says which setting is none, before it asks anybody", async () => {
    for (const [more, says] of [
      [{ SUPABASE_URL: "http://project.example.com" }, /SUPABASE_URL must begin with https/],
      [{ SUPABASE_URL: "http://localhost.example.com" }, /SUPABASE_URL must begin with https/],
      [{ SUPABASE_SECRET_KEY: "" }, /SUPABASE_SECRET_KEY is not set/],
      [{ SUPABASE_PUBLISHABLE_KEY: "a b" }, /SUPABASE_PUBLISHABLE_KEY/],
      [{ SUPABASE_PUBLISHABLE_KEY: shard.secret_key }, /are the same/],
      [{ SUPABASE_JWT_SECRET: "short" }, /fewer than 32 bytes/],
      [{ SUPABASE_JWT_SECRET: JSON.stringify({ ...newSigningKey(), kid: "" }) }, /no private key for ES256/],
      [{ SUPABASE_JWT_SECRET: "{".repeat(40) }, /no private key for ES256/],
    ]) {
      const findings = await look(more);
      assert.deepEqual(Object.keys(findings), ["settings"]);
      assert.match(findings.settings, says);
    }
  });

  test("says that nobody is there, or somebody else", async () => {
    only(await look({ SUPABASE_URL: "http://127.0.0.1:1" }), "address", /does not answer \(\w+\).*paused/);
    const server = http.createServer((_, answer) => answer.end("<html>hello</html>")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    only(await look({ SUPABASE_URL: `http://127.0.0.1:${server.address().port}` }), "address", /not a Supabase project/);
    server.close();
  });

  test("says which key is none of the project's, or is not what it should be", async () => {
    only(await look({ SUPABASE_PUBLISHABLE_KEY: "sb_publishable_wrong" }), "publishable key", /401.*API Keys/);
    only(await look({ SUPABASE_SECRET_KEY: "sb_secret_wrong" }), "secret key", /40[13].*secret/);
    only(await look({ SUPABASE_JWT_SECRET: "another secret, of more than 32 bytes" }), "JWT secret", /JWT Keys/);
  });

  test("knows projects that sign with private keys, and takes ours where they believe it", async () => {
    const signing = await startShard("pglite", ["--signing-keys"]);
    try {
      const at = (key) => look({
        SUPABASE_URL: signing.url, SUPABASE_SECRET_KEY: signing.secret_key, SUPABASE_PUBLISHABLE_KEY: signing.publishable_key, SUPABASE_JWT_SECRET: JSON.stringify(key),
      });
      for (const key of signing.signing_keys) assert.deepEqual(wrong(await at(key)), {});
      only(await at(newSigningKey()), "JWT secret", /import it as a standby key/);
    } finally {
      await signing.stop();
    }
  });

  test("says which migrations are missing, or others", async () => {
    const [{ version, sha256 }] = await shard.sql`select version, sha256 from platform.migrations order by version desc limit 1`;
    const row = `version = ${version}`;
    await shard.sql`create table platform.kept as select * from platform.migrations`;
    const back = "delete from platform.migrations; insert into platform.migrations select * from platform.kept";
    only(await meanwhile(`delete from platform.migrations where ${row}`, back), "migrations", /\.sql is missing: `cargo xtask migrate`/);
    only(await meanwhile("update platform.migrations set sha256 = 'other' where version = 1", back), "migrations", /was applied when it was another file/);
    only(await meanwhile("insert into platform.migrations (version, name, sha256) values (999, '0999_new.sql', '')", back), "migrations", /0999_new\.sql, which this checkout does not have/);
    only(await meanwhile("alter function public.applied_migrations() rename to elsewhere", "alter function public.elsewhere() rename to applied_migrations"), "migrations", /there are none: `cargo xtask migrate`/);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    await shard.sql`drop table platform.kept`;
  });

  test("says who hears of changes that are none of theirs, or cannot", async () => {
    const policy = "on realtime.messages for select to authenticated using";
    const [{ qual }] = await shard.sql`select qual from pg_policies where policyname = 'overskill_users'`;
    only(await meanwhile("drop policy overskill_users on realtime.messages", `create policy overskill_users ${policy} (${qual})`), "realtime", /do not have permissions.*0006_realtime\.sql/);
    only(await meanwhile(`create policy another ${policy} (true)`, "drop policy another on realtime.messages"), "realtime", /another app's/);
    assert.deepEqual(wrong(await look()), {}, "all is as it was");
    // A project without it is none that is wrong.
    const passing = http.createServer(async (request, answer) => {
      if (request.url.startsWith("/realtime/")) return answer.writeHead(404).end();
      const parts = [];
      for await (const part of request) parts.push(part);
      const { connection: _, host: __, "content-length": ___, ...headers } = request.headers;
      const passed = await fetch(shard.url + request.url, { method: request.method, headers, ...(parts.length > 0 && { body: Buffer.concat(parts) }) });
      return answer.writeHead(passed.status, { "content-type": "application/json", date: new Date().toUTCString() }).end(Buffer.from(await passed.arrayBuffer()));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => passing.once("listening", resolve));
    const findings = await look({ SUPABASE_URL: `http://127.0.0.1:${passing.address().port}` });
    passing.close();
    passing.closeAllConnections();
    assert.deepEqual([wrong(findings), findings.realtime], [{}, "it lets nobody connect: off, and no table tells of its changes"]);
  });

  test("says which function is open to whom", async () => {
    const [name, kind] = ["public.provision_app(text, jsonb)", "functions"];
    only(await meanwhile(`grant execute on function ${name} to anon`, `revoke execute on function ${name} from anon`), kind, /provision_app is not closed to whoever has the publishable key/);
    only(await meanwhile("grant execute on function public.drop_app(text, integer) to authenticated", "revoke execute on function public.drop_app(text, integer) from authenticated"), kind, /drop_app is not closed to whoever has signed in/);
    assert.deepEqual(wrong(await look()), {}, "all is as it was");
  });
});
