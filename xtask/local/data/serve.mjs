// The shard of `cargo xtask dev`. It listens at once and opens its database a moment later, or when somebody first asks: until then a
// stack pays nothing for it. What it is to be comes as one JSON object on standard input: {backend, folder, port, keys, opens_at_start,
// confirms, providers}.
import fs from "node:fs";

import { openShard, serve } from "./shard.mjs";

const { backend, folder, port, keys, opens_at_start, confirms, providers } = JSON.parse(fs.readFileSync(0, "utf8"));
let opening;

async function opened() {
  opening ??= openShard({ backend, folder, keys, confirms, providers, url: `http://127.0.0.1:${port}` });
  try {
    return await opening;
  } catch (error) {
    // Whoever asks next tries again.
    opening = undefined;
    throw error;
  }
}

const server = await serve(async (request, context) => {
  try {
    return await (await opened()).answer(request, context);
  } catch (error) {
    console.error(error);
    return Response.json({ code: "PGRST000", message: "The database did not start.", details: null, hint: null }, { status: 503 });
  }
}, port, async (request, socket, head) => {
  try {
    (await opened()).upgrade(request, socket, head);
  } catch (error) {
    console.error(error);
    socket.destroy();
  }
});
console.log(`the shard listens on http://127.0.0.1:${server.address().port}, over ${backend}`);
// What the stack starts besides goes first.
if (opens_at_start) setTimeout(() => opened().catch((error) => console.error(error)), 1_000);

async function end() {
  server.close();
  server.closeAllConnections();
  const shard = await opening?.catch(() => undefined);
  await shard?.stop();
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
