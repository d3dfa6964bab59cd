// The Worker of one app at an address of its own: the same code as in the preview, with its files in a bucket or among its static assets.
//   FILES     the bucket, or the static assets of this version, where a file is at its hash
//   FILES_AT  of a bucket: what the keys of the app's files in it begin with
//   PLATFORM  answers for the app's data, where there is one
//   ALLOWED_HOSTS  where functions may send requests, with blanks between them
//   ANSWERS   until when answers are counted, in milliseconds since the epoch, and what proves to the platform that it was this
//             Worker that counted them; not there where nobody is told
// All other variables are those of worker.js.
import app from "./worker.js";
import { earlier } from "./earlier.js";
import { ask, forOwnData, isOwnData } from "./outbound.js";

// An account has no way to bound what a Worker asks but the Worker itself.
const world = globalThis.fetch;
// Where it was asked: host names that the account leads here.
const origins = new Set();
const may = { hosts: [], platform: null };
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  return may.platform && [...origins].some((own) => isOwnData(request.url, own)) ? may.platform.fetch(forOwnData(request)) : ask(request, may.hosts, world);
};

const DATA = /^\/(?:rest|auth|realtime)\/v1\//;

export default {
  async fetch(request, env, context) {
    const { origin, pathname } = new URL(request.url);
    if (env.PLATFORM && DATA.test(pathname)) return env.PLATFORM.fetch(request);
    const { FILES, FILES_AT, PLATFORM, ALLOWED_HOSTS, ANSWERS, ...rest } = env;
    origins.add(origin);
    Object.assign(may, { hosts: ALLOWED_HOSTS.split(" "), platform: PLATFORM });
    const files = { fetch: (asked) => (FILES_AT === undefined ? asset(FILES, asked) : object(FILES, FILES_AT, asked)) };
    let answer;
    try {
      answer = await app.fetch(request, { ...rest, ASSETS: files }, context);
    } finally {
      count(answer, pathname, env, origin, context);
    }
    const known = answer.status === 404 && earlier.get(decoded(pathname));
    return known ? before(request, files, known, answer.headers) : answer;
  },
};

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const counted = { all: 0, failed: 0 };
// When what is counted will have been told.
let told = 0;

// As the platform counts where it serves an app itself: no file with its content in its name, and no 502 of the storage of files.
function count(answer, pathname, { PLATFORM, ANSWERS = "0" }, origin, context) {
  const [until, proof] = ANSWERS.split(" ");
  const status = answer?.status ?? 500;
  const isOther = status === 502 ? !pathname.startsWith("/api/") : status < 500 && (earlier.has(decoded(pathname)) || answer.headers.get("cache-control")?.includes("immutable"));
  const now = Date.now();
  if (!PLATFORM || !proof || now > Number(until) || isOther) return;
  counted.all += 1;
  if (status < 500) return;
  counted.failed += 1;
  if (now < told) return;
  told = now + 2000;
  context.waitUntil(tell(PLATFORM, proof, origin));
}

async function tell(platform, proof, origin) {
  await new Promise((done) => setTimeout(done, 1000));
  const body = JSON.stringify(counted);
  Object.assign(counted, { all: 0, failed: 0 });
  told = 0;
  await platform.fetch(new Request(`${origin}/_answers`, { method: "POST", headers: { authorization: `Bearer ${proof}` }, body }));
}

const wanted = (request) => /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "")?.slice(1).map(Number);

async function object(bucket, at, request) {
  const part = wanted(request);
  const range = part && { offset: part[0], length: part[1] - part[0] + 1 };
  const found = await bucket.get(at + new URL(request.url).pathname.slice(1), range ? { range } : {});
  return found ? new Response(found.body, { status: range ? 206 : 200 }) : new Response(null, { status: 404 });
}

// Static assets know nothing of ranges: the part is cut out as the file comes by, and nothing of it is kept.
async function asset(assets, request) {
  const part = wanted(request);
  const found = await assets.fetch(request);
  return part && found.status === 200 ? new Response(found.body.pipeThrough(cut(...part)), { status: 206 }) : found;
}

function cut(first, last) {
  let at = 0;
  return new TransformStream({
    transform(chunk, controller) {
      const piece = chunk.subarray(Math.max(0, first - at), Math.max(0, last + 1 - at));
      at += chunk.length;
      if (piece.length > 0) controller.enqueue(piece);
      if (at > last) controller.terminate();
    },
  });
}

// A file that what was here before had, for a page that was opened then. Its name has the hash of its content in it.
async function before(request, files, { hash, type }, common) {
  const found = await files.fetch(new Request(`https://assets/${hash}`));
  if (found.status !== 200) return new Response("This file could not be loaded. Please try again.\n", { status: 502, headers: common });
  const headers = new Headers(common);
  headers.set("content-type", type);
  headers.set("cache-control", "public, max-age=31536000, immutable");
  headers.set("etag", `"${hash}"`);
  return new Response(request.method === "HEAD" ? null : found.body, { headers });
}
