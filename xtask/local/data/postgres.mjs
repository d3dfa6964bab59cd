// A PostgreSQL server of this machine's own, in a folder of its own, listening on the loopback address alone.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import postgres from "postgres";

import { freePort } from "../ports.mjs";

const START_MS = 30_000;
/** The folder with `initdb` and `postgres`, which `cargo xtask` finds or fetches. */
const PROGRAMS = "OVERSKILL_POSTGRES";
/** As whom a server runs that root starts: it refuses to be root's. */
const NOBODY = "nobody";

function asUser() {
  if (process.getuid() !== 0) return {};
  const users = fs.readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const [, , uid, gid] = users.find(([name]) => name === NOBODY);
  return { uid: Number(uid), gid: Number(gid) };
}

/** Makes the folder of a server's files, which has to be reached by whom it runs as. */
function makeHome(folder, { uid, gid }) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (uid === undefined) return;
  for (let at = path.dirname(path.resolve(folder)); at !== path.dirname(at); at = path.dirname(at)) {
    if (fs.statSync(at).mode & 0o001) continue;
    throw new Error(`PostgreSQL refuses to be run by root, and ${NOBODY}, whom it runs as instead, may not enter ${at}: allow it (chmod o+x), or choose another state folder or PGlite`);
  }
  fs.chownSync(folder, uid, gid);
}

/**
 * The folder of the programs. Those of an npm package lack the links that npm does not pack, and may lie where nobody but root looks:
 * they are copied into `folder`.
 */
function programs(folder) {
  const bin = process.env[PROGRAMS];
  if (!bin) throw new Error(`${PROGRAMS} names no folder with \`initdb\` and \`postgres\`: start this through \`cargo xtask\``);
  const packed = path.join(bin, "..");
  const links = path.join(packed, "pg-symlinks.json");
  if (!fs.existsSync(links)) return bin;
  const copy = path.join(folder, "postgres");
  if (!fs.existsSync(copy)) {
    const half = `${copy}.half`;
    fs.rmSync(half, { recursive: true, force: true });
    fs.cpSync(packed, half, { recursive: true });
    for (const { source, target } of JSON.parse(fs.readFileSync(links, "utf8"))) {
      const link = path.join(half, path.relative("native", target));
      fs.rmSync(link, { force: true });
      fs.symlinkSync(path.basename(source), link);
    }
    fs.renameSync(half, copy);
  }
  return path.join(copy, "bin");
}

function run(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(said) : reject(new Error(`${path.basename(program)} ended with ${code}:\n${said}`))));
  });
}

/**
 * Starts a server that keeps its files in `folder`, and makes its cluster first where there is none.
 * What is written there survives the end of its processes, and not that of the machine.
 * @returns {Promise<{url: (user: string) => string, setPassword: (role: string) => string, stop: () => Promise<void>}>} `url` of the
 *   database as this user, `setPassword` the statement that lets a role come in by it
 */
export async function startPostgres(folder) {
  const user = asUser();
  makeHome(folder, user);
  const bin = programs(folder);
  const data = path.join(folder, "data");
  const secret = path.join(folder, "password");
  if (!fs.existsSync(path.join(data, "PG_VERSION"))) {
    // One that was broken off is no cluster.
    const half = `${data}.half`;
    fs.rmSync(half, { recursive: true, force: true });
    fs.mkdirSync(half, { mode: 0o700 });
    fs.writeFileSync(secret, randomBytes(24).toString("base64url"), { mode: 0o600 });
    if (user.uid !== undefined) for (const own of [half, secret]) fs.chownSync(own, user.uid, user.gid);
    await run(path.join(bin, "initdb"), ["-D", half, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256", "--pwfile", secret, "--no-sync"], user);
    fs.renameSync(half, data);
  }
  const password = fs.readFileSync(secret, "utf8");
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1", port, unix_socket_directories: "", max_connections: 60, shared_buffers: "128MB", max_locks_per_transaction: 128,
    fsync: "off", full_page_writes: "off",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(path.join(bin, "postgres"), ["-D", data, ...flags], { ...user, cwd: data, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (text) => (log = (log + text).slice(-20_000)));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = (name) => `postgresql://${name}:${password}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    // "Fast": whoever is connected is sent away.
    child.kill("SIGINT");
    await ended;
  };
  const until = Date.now() + START_MS;
  for (;;) {
    const sql = postgres(url("postgres"), { max: 1, onnotice() {}, connect_timeout: 5 });
    try {
      await sql`select 1`;
      return { url, stop, setPassword: (role) => `alter role ${role} login password '${password}'` };
    } catch (error) {
      if (child.exitCode !== null || Date.now() > until) {
        child.kill("SIGKILL");
        throw new Error(`the PostgreSQL server did not start:\n${log}`, { cause: error });
      }
      await sleep(50);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}
