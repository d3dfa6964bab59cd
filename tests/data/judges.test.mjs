// What those say of a shard who know more of databases than we do: squawk, Supabase's advisors, plpgsql_check and pgTAP.
// `cargo xtask test` fetches them and says where they are.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { person, service } from "./callers.mjs";
import { startShard } from "./shard.mjs";

const { OVERSKILL_JUDGES: judges, OVERSKILL_PLPGSQL_CHECK: checker, OVERSKILL_POSTGRES: postgres } = process.env;
const MIGRATIONS = path.join(import.meta.dirname, "../../src/data/migrations");
const LEDGER = path.join(import.meta.dirname, "../../xtask/local/data/ledger.sql");
const MODES = ["owner", "public_read", "app_read", "team", "server"];

/** The program of an npm package for this machine. */
function program(scope, name) {
  const folder = path.join(judges, "node_modules", scope);
  const [found] = fs.readdirSync(folder).map((one) => path.join(folder, one, "bin", name)).filter((file) => fs.existsSync(file));
  assert.ok(found, `${name} is not in ${folder}`);
  return found;
}

describe("a shard", () => {
  let shard;
  let scratch;

  before(async () => {
    assert.ok(judges, "OVERSKILL_JUDGES is not set: run this through `cargo xtask test`");
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-judges-"));
    shard = await startShard("postgres");
    const admin = service(shard);
    const owner = await person(shard, "owner@example.com");
    await person(shard, "other@example.com");
    const team = randomUUID();
    const columns = [
      { name: "title", type: "text", nullable: true, unique: true },
      { name: "status", type: "text", enum: ["draft", "done"], default: "draft", index: true },
      { name: "tags", type: "text[]", default: [] },
    ];
    const tables = MODES.flatMap((access) => [
      { name: `books_${access}`, access, columns },
      { name: `notes_${access}`, access, columns: [{ name: "book", type: "uuid", references: `books_${access}` }] },
    ]);
    for (const app of ["kitchen1", "garden12"]) {
      const { error } = await admin.rpc("provision_app", { p_app_id: app, p_tables: tables });
      assert.equal(error, null, JSON.stringify(error));
      await shard.sql`insert into platform.team_members (app_id, team_id, user_id) values (${app}, ${team}, ${owner.id})`;
      for (const access of MODES) {
        const row = { user_id: owner.id, ...(access === "team" && { team_id: team }) };
        assert.equal((await admin.from(`app_${app}_notes_${access}`).insert(row)).error, null);
      }
    }
  });

  after(async () => {
    await shard?.stop();
    if (scratch) fs.rmSync(scratch, { recursive: true, force: true });
  });

  test("has migrations that squawk has nothing against", () => {
    const squawk = (...args) => spawnSync(program("@squawk-cli", "squawk"), args, { encoding: "utf8" });
    const files = [...fs.readdirSync(MIGRATIONS).map((name) => path.join(MIGRATIONS, name)), LEDGER];
    const said = squawk("--reporter", "gcc", ...files);
    assert.deepEqual([said.status, said.stdout], [0, ""], said.stderr);
    const careless = path.join(scratch, "careless.sql");
    fs.writeFileSync(careless, "alter table platform.apps add column name text not null;\n");
    assert.notEqual(squawk(careless).status, 0, "it would say so");
  });

  test("has nothing that Supabase's advisors warn of", async () => {
    const advisors = () => {
      const args = ["db", "advisors", `--remote=${shard.db}`, "--fail-on", "warn"];
      const said = spawnSync(program("@supabase", "supabase"), args, { encoding: "utf8", cwd: scratch, env: { ...process.env, HOME: scratch, SUPABASE_TELEMETRY_DISABLED: "1" } });
      return { status: said.status, text: said.stdout + said.stderr };
    };
    const clean = advisors();
    assert.equal(clean.status, 0, clean.text);
    assert.match(clean.text, /No issues found/);
    await shard.sql`create table public.naked (id integer primary key)`;
    const naked = advisors();
    await shard.sql`drop table public.naked`;
    assert.notEqual(naked.status, 0, "they would say so");
    assert.match(naked.text, /naked/);
  });

  // Debian has it for its own servers; where there is another, the checks say that nobody has judged this.
  if (checker) {
    test("has functions in which plpgsql_check finds nothing", async () => {
      const [{ data_directory: data }] = await shard.sql`show data_directory`;
      const major = path.basename(path.dirname(postgres));
      // The server may run as somebody who does not get as far as where it was unpacked.
      const library = path.join(data, "plpgsql_check.so");
      fs.copyFileSync(path.join(checker, "lib/postgresql", major, "lib/plpgsql_check.so"), library);
      fs.chmodSync(library, 0o755);
      const extension = path.join(checker, "share/postgresql", major, "extension");
      const [script] = fs.readdirSync(extension).filter((name) => /^plpgsql_check--[\d.]+\.sql$/.test(name));
      const text = fs.readFileSync(path.join(extension, script), "utf8").replace(/^\\.*$/gm, "").replaceAll("MODULE_PATHNAME", library).replaceAll("@extschema@", "judge");
      await shard.sql.unsafe(`create schema judge; set search_path = judge, pg_catalog; ${text}; reset search_path`).simple();
      const found = async () => [...await shard.sql`
        select p.oid::regprocedure::text as function, c.lineno, c.level, c.message
        from pg_proc p
        join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        cross join lateral judge.plpgsql_check_function_tb(
          p.oid, case when p.proname in ('admit_table', 'refuse_of_held') then 'platform.app_tables'::regclass when p.prorettype = 'trigger'::regtype then 'public.app_kitchen1_notes_owner'::regclass else 0 end,
          newtable => case when p.proname = 'admit_rows' then 'added' end,
          performance_warnings => true, security_warnings => true, compatibility_warnings => true) c
        where p.pronamespace = 'platform'::regnamespace or p.proname in ('provision_app', 'describe_app', 'drop_table', 'drop_app', 'is_member', 'sign_up_refusal', 'join_app', 'sign_up_policy', 'set_sign_up', 'list_members', 'invite_member', 'set_member', 'remove_member', 'app_usage', 'hold_app', 'move_out', 'move_in', 'drop_moved', 'faulty')`];
      assert.deepEqual(await found(), []);
      await shard.sql`create function public.faulty() returns void language plpgsql set search_path = '' as 'begin perform nothing from public.nowhere; end'`;
      const [fault] = await found();
      await shard.sql`drop function public.faulty()`;
      assert.match(fault.message, /nowhere/, "it would find something");
    });
  }

  test("has policies that are what pgTAP expects, and come to that", async () => {
    const archive = path.join(judges, "node_modules/@electric-sql/pglite-pgtap/dist/pgtap.tar.gz");
    const unpacked = spawnSync("tar", ["-xzf", archive, "-C", scratch], { encoding: "utf8" });
    assert.equal(unpacked.status, 0, unpacked.stderr);
    const extension = path.join(scratch, "share/postgresql/extension");
    const [script] = fs.readdirSync(extension).filter((name) => /^pgtap--\d+\.\d+\.\d+\.sql$/.test(name));
    await shard.sql.unsafe(`create schema tap; set search_path = tap, public; ${fs.readFileSync(path.join(extension, script), "utf8")}; reset search_path`).simple();
    const policies = fs.readFileSync(path.join(import.meta.dirname, "policies.sql"), "utf8");
    const judged = async (text) => (await shard.sql.unsafe(text).simple()).flat().map((row) => Object.values(row)[0]).filter((line) => /^\s*(not )?ok|^1\.\.|^#/.test(line ?? ""));
    const lines = await judged(policies);
    assert.deepEqual(lines.filter((line) => !/^ok /.test(line) && !/^1\.\./.test(line)), []);
    const [, count] = /^1\.\.(\d+)$/m.exec(lines.join("\n")) ?? [];
    assert.equal(lines.filter((line) => line.startsWith("ok ")).length, Number(count));
    assert.ok(Number(count) >= 90, `${count} were judged`);
    const wrong = await judged(policies.replace("{app_gate,app_select,app_insert,app_update,app_delete,anon_select}", "{app_gate}"));
    assert.ok(wrong.some((line) => line.startsWith("not ok")), "it would say so");
  });
});
