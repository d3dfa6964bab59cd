// Bytes on a socket, for requests that no HTTP client would send.
import net from "node:net";

/**
 * Sends `bytes` and then breaks the connection off (`how`: "reset" at once, "end" politely, waiting for what comes).
 * What was answered, which may be nothing.
 */
export function breakOff(port, bytes, how) {
  return new Promise((resolve) => {
    let answer = "";
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.write(bytes, () => {
        if (how === "reset") setImmediate(() => socket.resetAndDestroy());
        else socket.end();
      });
    });
    socket.setEncoding("latin1");
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on("data", (text) => { answer += text; });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

/** The head of a request, ready for a body. */
export function head(method, target, headers) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
