// A shard as `cargo xtask engine data` starts it, in a process of its own.
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

import postgres from "postgres";

const MAIN = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../xtask/local/data/main.mjs");

/** Starts one, with these options more; its address and keys, `sql` into its database, `pause` and `resume`, between which it is silent, and `stop`. */
export async function startShard(backend, options = []) {
  const child = spawn(process.execPath, [MAIN, "--backend", backend, ...options], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said = (said + text).slice(-20_000)));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const line = await Promise.race([
    readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]().next().then(({ value }) => value),
    ended.then(() => undefined),
  ]);
  if (!line) throw new Error(`the shard did not start:\n${said}`);
  const shard = JSON.parse(line);
  const sql = postgres(shard.db, { max: 1, onnotice() {} });
  return {
    ...shard, sql,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    stop: async () => {
      await sql.end({ timeout: 1 });
      child.stdin.end();
      await ended;
    },
  };
}
