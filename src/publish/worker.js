// The Worker of one app: serves its built files, and its page for every navigation.
// The same for preview, staging and production. All that differs comes in `env`:
//   ASSETS           fetch("https://assets/<sha256>") answers with the bytes of that hash, or, with
//                    "range: bytes=<first>-<last>", with those of them and the status 206
//   PUBLIC           JSON that the page is told: app id, environment, public variables
//   VERSION          which version of the app this is
//   DIGEST           what was built of it: all files, and this script
//   FRAME_ANCESTORS  who may show the app in a frame
//   SECRET_<NAME>    the secret variable <NAME>, which only functions get
import afterConfig from "./index.after.html";
import beforeConfig from "./index.before.html";
import { files, mode } from "./files.js";
import { functions } from "./functions.js";

// What such a path names is a file. When it is not there, that is an error and no page.
const FILE =
  /\.(?:avif|bmp|css|csv|gif|glb|html?|ico|jpe?g|m?jsx?|json|m4a|map|md|mp[34]|ogg|otf|pdf|png|svg|tsx?|ttf|txt|wasm|wav|web[mp]|webmanifest|woff2?|xml|zip)$/i;

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    const [, name] = /^\/api\/([^/]+)/.exec(pathname) ?? [];
    if (functions.has(name)) return called(name, request, env, context);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text(request, env, 405, "This address can only be read.", { allow: "GET, HEAD" });
    }
    const path = decoded(pathname);
    if (path === null) return text(request, env, 400, "This address is malformed.");
    if (path === "/_health") return json(request, env, { status: "ok" });
    if (path === "/_deployment") {
      const { app_id, environment } = told(env);
      return json(request, env, { app_id, environment, version: Number(env.VERSION), mode, digest: env.DIGEST });
    }
    const file = files.get(path);
    if (file) return asset(request, env, file);
    if (path === "/" || path === "/index.html" || isNavigation(request, path)) return page(request, env);
    return text(request, env, 404, "There is nothing at this address.");
  },
};

// A function answers for `/api/<name>` and all below it.
async function called(name, request, env, context) {
  try {
    const code = await functions.get(name)();
    const whole = code.default ?? code;
    const fetch = typeof whole === "function" ? whole : whole.fetch;
    const answer = await fetch.call(whole, request, forFunctions(env), { waitUntil: (work) => context.waitUntil(work) });
    if (!(answer instanceof Response)) throw new TypeError("what it answers is no Response");
    return answer.webSocket ? answer : withPolicy(answer, env);
  } catch (error) {
    console.error(`function ${name}: ${error?.stack ?? error}`);
    // Whoever builds the app sees why in the preview; what visitors see says nothing of it.
    const why = told(env).environment === "preview" ? `: ${error}` : ".";
    return text(request, env, 500, `This function failed${why}`);
  }
}

// The headers that all of the app has, but for what the function says itself.
function withPolicy(answer, env) {
  const whole = new Response(answer.body, answer);
  for (const [name, value] of Object.entries(common(env))) if (!whole.headers.has(name)) whole.headers.set(name, value);
  return whole;
}

// All variables of the environment, by their names.
function forFunctions(env) {
  const { app_id, environment, variables } = told(env);
  const secrets = Object.entries(env).filter(([name]) => name.startsWith("SECRET_"));
  return {
    ...variables,
    ...Object.fromEntries(secrets.map(([name, value]) => [name.slice("SECRET_".length), value])),
    OVERSKILL_APP: app_id,
    OVERSKILL_ENVIRONMENT: environment,
  };
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

function isNavigation(request, path) {
  const wantsPage =
    request.headers.get("sec-fetch-mode") === "navigate" ||
    (request.headers.get("accept") ?? "").toLowerCase().includes("text/html");
  return wantsPage && !path.startsWith("/assets/") && !FILE.test(path);
}

async function asset(request, env, file) {
  const { hash, size, type, immutable } = file;
  const headers = {
    ...common(env),
    "content-type": type,
    "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${hash}"`,
    "accept-ranges": "bytes",
  };
  if (file.gzip) headers.vary = "accept-encoding";
  if (isFresh(request, hash)) return new Response(null, { status: 304, headers });
  if (request.method === "HEAD") {
    headers["content-length"] = String(size);
    return new Response(null, { headers });
  }
  const part = wantedPart(request, hash, size);
  if (part === null) {
    return text(request, env, 416, "This file is shorter than that.", { "content-range": `bytes */${size}` });
  }
  if (part) headers["content-range"] = `bytes ${part.first}-${part.last}/${size}`;
  const status = part ? 206 : 200;
  if (file.part) {
    if (file.gzip && !part && takesGzip(request)) {
      headers["content-encoding"] = "gzip";
      // The same content in another coding is another thing to a strong tag (RFC 9110 section 8.8.3.3).
      headers.etag = `W/"${hash}"`;
      return new Response(file.part, { headers, encodeBody: "manual" });
    }
    const whole = file.gzip ? await inflated(file.part) : file.part;
    return new Response(part ? whole.slice(part.first, part.last + 1) : whole, { status, headers });
  }
  try {
    const range = part ? { range: `bytes=${part.first}-${part.last}` } : {};
    const found = await env.ASSETS.fetch(new Request(`https://assets/${hash}`, { headers: range }));
    if (found.status === status) return new Response(found.body, { status, headers });
    console.error(`asset ${hash}: status ${found.status}`);
  } catch (error) {
    console.error(`asset ${hash}: ${error}`);
  }
  return text(request, env, 502, "This file could not be loaded. Please try again.");
}

// Whether a reader takes gzip (RFC 9110 section 12.5.3). The platform replaces what they say by what it knows to undo, and keeps it there.
function takesGzip(request) {
  const said = request.cf?.clientAcceptEncoding ?? request.headers.get("accept-encoding") ?? "";
  const codings = said.toLowerCase().split(",");
  const weights = new Map(
    codings.map((coding) => {
      const [name, ...parameters] = coding.split(";").map((part) => part.trim());
      return [name, Number(parameters.find((one) => one.startsWith("q="))?.slice(2) ?? 1)];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

function inflated(bytes) {
  return new Response(new Response(bytes).body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// The one part that a reader asks for (RFC 9110 section 14.2): null when the file has no such part, undefined for all
// of it. Several parts, what is malformed, and a part of what the file was before are answered with all of it.
function wantedPart(request, tag, size) {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/i.exec(request.headers.get("range")?.trim() ?? "") ?? [];
  if (from === undefined || from + to === "") return undefined;
  const known = request.headers.get("if-range");
  if (known !== null && known.trim() !== `"${tag}"`) return undefined;
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first < size ? { first, last } : null;
}

let rendered;

async function page(request, env) {
  if (rendered?.config !== env.PUBLIC) rendered = await render(env.PUBLIC);
  const { body, tag } = rendered;
  const headers = {
    ...common(env),
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    etag: `"${tag}"`,
    vary: "accept, sec-fetch-mode",
  };
  if (isFresh(request, tag)) return new Response(null, { status: 304, headers });
  if (request.method === "HEAD") {
    headers["content-length"] = String(body.byteLength);
    return new Response(null, { headers });
  }
  return new Response(body, { headers });
}

// In JSON these characters stand in strings only, where their escapes mean the same. HTML sees none of them.
async function render(config) {
  const safe = config.replace(
    /[<>&\u2028\u2029]/g,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
  const script = `<script type="application/json" id="overskill-config">${safe}</script>`;
  const body = new TextEncoder().encode(beforeConfig + script + afterConfig);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const tag = Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { config, body, tag };
}

function isFresh(request, tag) {
  const known = request.headers.get("if-none-match");
  if (known === null) return false;
  return known.split(",").some((one) => ["*", `"${tag}"`, `W/"${tag}"`].includes(one.trim()));
}

function text(request, env, status, sentence, more = {}) {
  const headers = { ...common(env), "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...more };
  return new Response(request.method === "HEAD" ? null : `${sentence}\n`, { status, headers });
}

function json(request, env, value) {
  const headers = { ...common(env), "content-type": "application/json", "cache-control": "no-store" };
  return new Response(request.method === "HEAD" ? null : JSON.stringify(value), { headers });
}

let known;

// What the page is told, read once: it is the same for every request.
function told(env) {
  if (known?.text !== env.PUBLIC) known = { text: env.PUBLIC, config: JSON.parse(env.PUBLIC) };
  return known.config;
}

function common(env) {
  const headers = {
    "content-security-policy": `frame-ancestors ${env.FRAME_ANCESTORS}`,
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
  };
  if (told(env).environment !== "production") headers["x-robots-tag"] = "noindex";
  return headers;
}
