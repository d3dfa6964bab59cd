// What was asked, as tests/cloudflare/requests.jsonl has it. No token and no secret is kept.
import { createHash } from "node:crypto";

import { parts } from "./multipart.mjs";

const TOKENS = new Set(["jwt", "token", "authorization"]);
const MOST_TEXT = 2000;

/** A value without the texts of secrets in it. */
function masked(value) {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  const isSecret = /^secret_/.test(value.type ?? "");
  return Object.fromEntries(Object.entries(value).map(([name, one]) => {
    if (isSecret && ["text", "key_base64", "key_jwk"].includes(name)) return [name, "<secret>"];
    return [name, TOKENS.has(name) && typeof one === "string" ? "<token>" : masked(one)];
  }));
}

function parsed(bytes) {
  try {
    return { json: masked(JSON.parse(bytes.toString("utf8"))) };
  } catch {
    return undefined;
  }
}

const measure = (bytes) => ({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });

function shape(body, type = "") {
  if (body.length === 0) return {};
  if (type.startsWith("multipart/form-data")) {
    try {
      return {
        multipart: parts(body, type).map(({ name, filename, type: kind, bytes }) => {
          const isText = /javascript|text\/|source-map/.test(kind ?? "") && bytes.length <= MOST_TEXT;
          // Metadata may have a secret in it, so its sum is not kept.
          const content = filename === undefined ? { bytes: bytes.length, ...parsed(bytes) } : { ...measure(bytes), ...(isText && { text: bytes.toString("utf8") }) };
          return { name, ...(filename !== undefined && { filename }), ...(kind && { content_type: kind }), ...content };
        }),
      };
    } catch {
      return { body_bytes: body.length };
    }
  }
  const json = /json|text\/plain/.test(type) ? parsed(body) : undefined;
  return json ?? { body_bytes: body.length, body_sha256: measure(body).sha256 };
}

export class Journal {
  requests = [];

  /** @param {string | undefined} caller the name of the token */
  add({ method, path, query, headers, body }, caller) {
    const grouped = {};
    for (const name of new Set(query.keys())) {
      const values = query.getAll(name);
      grouped[name] = values.length === 1 ? values[0] : values;
    }
    const { authorization, cookie, "x-auth-key": key, "x-auth-email": email, ...rest } = headers;
    const told = { ...rest, ...(authorization !== undefined && { authorization: `<Bearer ${caller ?? "unknown"}>` }) };
    const entry = { client: headers["user-agent"], method, path, query: grouped, headers: told, ...shape(body, headers["content-type"]) };
    this.requests.push(entry);
    return entry;
  }
}
