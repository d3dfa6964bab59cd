// Ports for programs that bind them later.

import fs from "node:fs";
import net from "node:net";

const LOWEST = 20_000;
const EPHEMERAL = 32_768;

/** Binds the port, lets it go and gives its number; nothing when it is in use. */
function tried(port) {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => resolve());
    server.listen(port, "127.0.0.1", () => {
      const bound = server.address().port;
      server.close(() => resolve(bound));
    });
  });
}

/** A port that is free now and that the kernel gives to no connection by itself before it is bound. */
export async function freePort() {
  let below = EPHEMERAL;
  try {
    below = Number(fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s/)[0]);
  } catch { /* not a Linux that says so */ }
  for (let attempt = 0; attempt < 100 && below > LOWEST; attempt++) {
    const port = await tried(LOWEST + Math.floor(Math.random() * (below - LOWEST)));
    if (port) return port;
  }
  return tried(0);
}
