// `cargo xtask bench data`: what an app does with its data, beside what it would cost without isolation; how soon tables are there; how many a
// shard holds. Prints medians, and which targets hold. Ends with 1 when one does not.
import { randomUUID } from "node:crypto";

import { startStack } from "../../xtask/local/harness.mjs";
import { client, person, service, token } from "../data/callers.mjs";
import { startShard } from "../data/shard.mjs";
import { App } from "../support/app.mjs";
import { quantile } from "../support/crowd.mjs";

const backend = process.argv[2] ?? "postgres";
process.env.OVERSKILL_RENDER_CHECK ??= "off";
const RUNS = backend === "postgres" ? 300 : 60;
const [PEOPLE, ROWS_EACH] = [20, 1_000];
const TARGETS = [];

const line = (what, ...cells) => console.log(`${what.padEnd(58)}${cells.map((cell) => String(cell).padStart(12)).join("")}`);
const ms = (value) => `${value.toFixed(2)} ms`;
const median = (values) => quantile(values, 0.5);
const times = (what, values) => line(what, ...[0.5, 0.9, 1].map((share) => ms(quantile(values, share))));
const target = (what, holds) => TARGETS.push({ what, holds });
const must = ({ error, data }) => {
  if (error) throw new Error(JSON.stringify(error));
  return data;
};
const timed = async (work) => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};
/** Times of each of these, one after the other and again, so that whatever else happens befalls all alike. */
async function compare(works, runs = RUNS) {
  const found = works.map(() => []);
  for (let run = 0; run < runs + 10; run += 1) {
    for (const [n, work] of works.entries()) {
      const took = await timed(work);
      // The first ones warm up.
      if (run >= 10) found[n].push(took);
    }
  }
  return found;
}

const columns = [{ name: "title", type: "text", nullable: false }, { name: "state", type: "text", enum: ["open", "done"], default: "open" }, { name: "minutes", type: "integer", index: true }];
const five = (prefix) => Array.from({ length: 5 }, (_, n) => ({ name: `${prefix}_${n}`, columns: [...columns, ...(n > 0 ? [{ name: "parent", type: "uuid", references: `${prefix}_0` }] : [])] }));

/** In the database itself: the same rows with policies and without, for the same person. */
async function inTheDatabase() {
  const shard = await startShard(backend);
  try {
    const { sql } = shard;
    const admin = service(shard);
    const app = "kitchen1";
    must(await admin.rpc("provision_app", { p_app_id: app, p_tables: ["owner", "app_read"].map((access) => ({ name: access, access, columns })) }));
    const people = [];
    for (let n = 0; n < PEOPLE; n += 1) people.push((await person(shard, `person${n}@example.com`)).id);
    for (const access of ["owner", "app_read"]) {
      const table = `public.app_${app}_${access}`;
      await sql.unsafe(`insert into ${table} (user_id, title, minutes) select u::uuid, 'title ' || n, n from unnest('{${people}}'::text[]) u, generate_series(1, ${ROWS_EACH}) n`);
      // The same without anything that isolates.
      await sql.unsafe(`create table public.plain_${access} (like ${table} including indexes including defaults); insert into public.plain_${access} select * from ${table};
        grant select, insert on public.plain_${access} to authenticated; analyze ${table}; analyze public.plain_${access}`).simple();
    }
    const [me] = people;
    const claims = JSON.stringify({ sub: me, role: "authenticated", app_id: app });
    await sql.unsafe("begin");
    await sql`select set_config('request.jwt.claims', ${claims}, true)`;
    await sql.unsafe("set local role authenticated");
    const fields = "id, title, state, minutes, created_at";
    const pairs = [
      ["own rows, 50 of 1,000 among 20,000", `select ${fields} from public.app_${app}_owner order by minutes desc limit 50`, `select ${fields} from public.plain_owner where user_id = '${me}' order by minutes desc limit 50`],
      ["own rows, all 1,000", `select ${fields} from public.app_${app}_owner`, `select ${fields} from public.plain_owner where user_id = '${me}'`],
      ["rows of all, 50 of 20,000 by an index", `select ${fields} from public.app_${app}_app_read order by minutes limit 50`, `select ${fields} from public.plain_app_read order by minutes limit 50`],
      ["rows of all, counted", `select count(*) from public.app_${app}_app_read`, "select count(*) from public.plain_app_read"],
    ];
    line(`in the database (${backend})`, "with", "without", "ratio");
    const ratios = [];
    for (const [what, scoped, plain] of pairs) {
      const [one, other] = (await compare([() => sql.unsafe(scoped), () => sql.unsafe(plain)])).map(median);
      ratios.push(one / other);
      line(`  ${what}`, ms(one), ms(other), (one / other).toFixed(2));
    }
    target(`a query of an app takes at most 1.5 times as long as the plain one, at the median (${quantile(ratios, 1).toFixed(2)} at most)`, Math.max(...ratios) <= 1.5);
    await sql.unsafe("rollback");
    const insert = (table) => () => sql.unsafe(`insert into public.${table} (user_id, title, minutes) values ('${me}', 'one more', 1)`);
    const [watched, plain] = (await compare([insert(`app_${app}_owner`), insert("plain_owner")])).map(median);
    line("  one row inserted, with foreign keys and quotas", ms(watched), ms(plain), (watched / plain).toFixed(2));

    const provision = (id, tables) => timed(async () => must(await admin.rpc("provision_app", { p_app_id: id, p_tables: tables })));
    const twenty = [];
    for (let n = 0; n < 10; n += 1) twenty.push(await provision(`bench${String(n).padStart(4, "0")}`, Array.from({ length: 20 }, (_, table) => ({ name: `t${table}`, columns }))));
    times("10 apps, 20 tables each, in one call for each", twenty);
    const begun = performance.now();
    // 202 tables are there.
    for (const [id, count] of [["bench1000", 100], ["bench1001", 100], ["bench1002", 98]]) await provision(id, Array.from({ length: count }, (_, table) => ({ name: `t${table}`, columns })));
    const [{ count }] = await sql`select count(*)::int from platform.app_tables`;
    line(`${count} tables in one shard, the last 298`, ms(performance.now() - begun));
    target("500 tables are in one shard", count === 500);
    const db = client(shard, token(shard, { id: me }, app));
    const [rows] = await compare([async () => must(await db.from(`app_${app}_owner`).select("id, title").order("minutes", { ascending: false }).limit(50))], 30);
    times("  a query over HTTP then", rows);
  } finally {
    await shard.stop();
  }
}

/** As an app's user meets it: through the app's own address, beside the shard itself. */
async function overHttp() {
  const stack = await startStack({ env: { OVERSKILL_DATA: backend } });
  let app;
  try {
    app = await App.create(stack, "what can you do?");
    const define = async (tables) => {
      const answer = await app.api("POST", "/tables", { tables });
      if (answer.status !== 200) throw new Error(answer.text);
    };
    await define([{ name: "notes", columns }]);
    const { host } = new URL(app.created.preview_url);
    const ask = async (method, path, { key, body, ...headers } = {}) => {
      const answer = await stack.request(path, { host, method, headers: { apikey: "sb_publishable_app", "content-type": "application/json", ...headers }, body: body && JSON.stringify(body) });
      if (answer.status >= 300) throw new Error(answer.text);
      return answer;
    };
    const session = (await ask("POST", "/auth/v1/signup", { body: { email: `${randomUUID()}@example.com`, password: "correct horse battery staple" } })).json();
    const { url, secret_key: secret } = stack.shard();
    const table = `app_${app.id}_notes`;
    const authorization = `Bearer ${session.access_token}`;
    for (let part = 0; part < 10; part += 1) {
      await ask("POST", `/rest/v1/${table}`, { authorization, body: Array.from({ length: 100 }, (_, n) => ({ title: `title ${n}`, minutes: part * 100 + n })) });
    }
    const query = "select=id,title,state,minutes&order=minutes.desc&limit=50";
    const direct = async () => {
      const answer = await fetch(`${url}/rest/v1/${table}?${query}&user_id=eq.${session.user.id}`, { headers: { apikey: secret, authorization: `Bearer ${secret}` } });
      if ((await answer.json()).length !== 50) throw new Error("rows are missing");
    };
    const [own, plain] = await compare([async () => ask("GET", `/rest/v1/${table}?${query}`, { authorization }), direct]);
    line(`over HTTP (${backend})`, "median", "p90", "max");
    times("  a user's query at the app's address", own);
    times("  the same at the shard, with its secret key", plain);
    line("    ratio, the Worker and the user's check included", (median(own) / median(plain)).toFixed(2));
    target(`a query of an app's user takes less than 50 ms (${ms(median(own))})`, median(own) < 50);
    const made = [];
    for (let run = 0; run < 12; run += 1) {
      const tables = five(`run${run}`);
      made.push(await timed(() => define(tables)));
      for (const { name } of tables.toReversed()) await app.api("DELETE", `/tables/${name}`);
    }
    times("  5 tables defined through the API", made);
    target(`5 tables are there in less than 300 ms, through the API (${ms(median(made))})`, median(made) < 300);
  } finally {
    app?.close();
    await stack.stop();
  }
}

await inTheDatabase();
await overHttp();
console.log();
for (const { what, holds } of TARGETS) console.log(`${holds ? "✓" : "✗"} ${what}`);
process.exitCode = TARGETS.every(({ holds }) => holds) ? 0 : 1;
