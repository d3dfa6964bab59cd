// `cargo xtask engine data`: an empty shard, until standard input ends.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { newKeys, openShard, serve } from "./shard.mjs";
import { newSigningKey, withSigningKeys } from "./signing.mjs";

const { values } = parseArgs({
  options: { backend: { type: "string", default: "postgres" }, confirm: { type: "boolean", default: false }, "signing-keys": { type: "boolean", default: false } },
});
if (!["postgres", "pglite"].includes(values.backend)) {
  console.error(`there is no back end \`${values.backend}\`: name postgres or pglite`);
  process.exit(2);
}
// What the libraries have to say is not what this program says.
console.log = console.error;
const folder = values.backend === "postgres" ? fs.mkdtempSync(path.join(os.tmpdir(), "overskill-data-")) : undefined;
const keys = newKeys();
// The one that signs, and one that stands by, as a hosted project has them when it was given a key of ours.
const signing_keys = values["signing-keys"] ? [newSigningKey(), newSigningKey()] : undefined;
const { answer, upgrade, execute, pglite, stop, ...database } = await openShard({ backend: values.backend, folder, keys, signing_keys, confirms: values.confirm });
// Who tries what a shard can do is not to be held to what one app may have of it: as many tables as one call may make.
await execute("update platform.settings set max_tables = 500");
const server = await serve(signing_keys ? withSigningKeys(signing_keys, keys.jwt_secret, answer) : answer, 0, upgrade);
const url = `http://127.0.0.1:${server.address().port}`;
let { db } = database;
if (pglite) {
  // The database is in this process; whoever would look into it as into a server finds it here.
  const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket");
  const sockets = new PGLiteSocketServer({ db: pglite, host: "127.0.0.1", port: 0, maxConnections: 10 });
  await sockets.start();
  db = `postgresql://postgres@${sockets.getServerConn()}/postgres`;
}
process.stdout.write(`${JSON.stringify({ url, ...keys, ...(signing_keys && { signing_keys }), db, mails: `${url}/mails` })}\n`);
const end = async () => {
  server.close();
  server.closeAllConnections();
  await stop();
  if (folder) fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.stdin.resume().once("end", end);
// The server would outlive this process.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
