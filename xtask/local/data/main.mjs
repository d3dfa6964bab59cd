// `cargo xtask engine data`: an empty shard, until standard input ends.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { startShard } from "./shard.mjs";

const { values } = parseArgs({ options: { backend: { type: "string", default: "postgres" } } });
if (!["postgres", "pglite"].includes(values.backend)) {
  console.error(`there is no back end \`${values.backend}\`: name postgres or pglite`);
  process.exit(2);
}
// What the libraries have to say is not what this program says.
console.log = console.error;
const folder = values.backend === "postgres" ? fs.mkdtempSync(path.join(os.tmpdir(), "overskill-data-")) : undefined;
const { shard, pglite, stop } = await startShard({ backend: values.backend, folder });
if (pglite) {
  // The database is in this process; whoever would look into it as into a server finds it here.
  const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket");
  const server = new PGLiteSocketServer({ db: pglite, host: "127.0.0.1", port: 0, maxConnections: 10 });
  await server.start();
  shard.db = `postgresql://postgres@${server.getServerConn()}/postgres`;
}
process.stdout.write(`${JSON.stringify(shard)}\n`);
const end = async () => {
  await stop();
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.stdin.resume().once("end", end);
// The server would outlive this process.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
