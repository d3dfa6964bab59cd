// A registry of npm's protocol for tests: packuments with times and integrity, tarballs, 404 for the rest.
//
// A package is { versions: { "1.0.0": { files: { "index.js": "…" }, manifest: {…}, hours, raw: […] } } }: `hours` is how long
// ago it was published, a year unless said; `raw` are entries of the tarball as they are: { name, type, link, content, zeros }.
// As a program it reads the packages from standard input, prints its address, then a line for each request, and ends with
// its input.
import { createHash } from "node:crypto";
import http from "node:http";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const HOUR = 3_600_000;

/** One entry of a tar file, as POSIX has it. */
function entry({ name, type = "0", link = "", content = "", zeros = 0 }) {
  const body = zeros > 0 ? Buffer.alloc(zeros) : Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${(type === "0" ? body.length : 0).toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  if (type !== "0") return header;
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

function tarball(name, version, { files = {}, manifest = {}, raw = [] }) {
  const described = { name, version, ...(files["index.js"] === undefined ? {} : { type: "module", exports: "./index.js" }), ...manifest };
  const all = { "package.json": JSON.stringify(described), ...files };
  const entries = Object.entries(all).map(([path, content]) => entry({ name: `package/${path}`, content }));
  const packed = gzipSync(Buffer.concat([...entries, ...raw.map(entry), Buffer.alloc(1024)]));
  const integrity = `sha512-${createHash("sha512").update(packed).digest("base64")}`;
  return { described, packed, integrity };
}

/** Starts one; `requests` grows with every path that is asked for. */
export async function startRegistry(packages, onRequest = () => {}) {
  const requests = [];
  const tarballs = new Map();
  const server = http.createServer((request, response) => {
    const path = decodeURIComponent(request.url);
    requests.push(path);
    onRequest(path);
    const known = documents.get(path.slice(1));
    if (known) return response.setHeader("content-type", "application/json").end(JSON.stringify(known));
    const packed = tarballs.get(path);
    if (packed) return response.setHeader("content-type", "application/octet-stream").end(packed);
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":"Not found"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const documents = new Map();
  for (const [name, { versions }] of Object.entries(packages)) {
    const document = { name, "dist-tags": {}, versions: {}, time: {} };
    for (const [version, content] of Object.entries(versions)) {
      const { described, packed, integrity } = tarball(name, version, content);
      const path = `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
      tarballs.set(path, content.served ? Buffer.from(content.served) : packed);
      document.versions[version] = { ...described, dist: { tarball: `${url.slice(0, -1)}${path}`, integrity } };
      document.time[version] = new Date(Date.now() - (content.hours ?? 8_760) * HOUR).toISOString();
      document["dist-tags"].latest = version;
    }
    documents.set(name, document);
  }
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url, requests, stop };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  let text = "";
  let started = false;
  process.stdin.setEncoding("utf8").on("data", async (piece) => {
    text += piece;
    if (started || !text.includes("\n")) return;
    started = true;
    const registry = await startRegistry(JSON.parse(text), (path) => console.log(path));
    console.log(registry.url);
  });
  // Whoever started this is gone.
  process.stdin.on("end", () => process.exit(0));
}
