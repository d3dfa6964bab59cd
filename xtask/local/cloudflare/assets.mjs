// Uploads of static assets: a session names what is missing, its token lets it be sent, and the last answer has the token of what is whole.
import { createHash, createHmac, randomBytes } from "node:crypto";
import path from "node:path";

import { Refusal } from "./answer.mjs";
import { blake3 } from "./blake3.mjs";

const HASH = /^[0-9a-f]{32}$/;
/** How much is to be sent in one request. */
const MOST_FILES = 50;
const MOST_BYTES = 10 << 20;
/** For how long a token is good, in seconds. */
const LASTS = 3600;
/** What a version may have (https://developers.cloudflare.com/workers/platform/limits/#static-assets). */
const MOST_ASSETS = 20_000;
const MOST_ASSET_BYTES = 25 << 20;

const refused = (message, status = 400, code = 10300) => new Refusal(status, code, message);

/** By what an asset may be known. How a hash is made is whoever's who uploads: the first is wrangler's, the second that of Cloudflare's documentation. */
const HASHES = [
  (bytes, name) => blake3(Buffer.from(bytes.toString("base64") + path.extname(name).slice(1))),
  (bytes) => createHash("sha256").update(bytes).digest("hex"),
];
const isHash = (hash, bytes, name) => HASHES.some((of) => of(bytes, name).slice(0, 32) === hash);

export class Assets {
  #key = randomBytes(32);
  /** hash → bytes and type; they stay, as the next upload needs only what is new. */
  #files = new Map();
  /** token of an upload → what it is about */
  #sessions = new Map();
  /** token of what is whole → path → hash and size */
  #whole = new Map();

  #token(claims) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const iat = Math.floor(Date.now() / 1000);
    const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iat, exp: iat + LASTS, jti: randomBytes(8).toString("hex"), ...claims })}`;
    return `${text}.${createHmac("sha256", this.#key).update(text).digest("base64url")}`;
  }

  isSession(token) {
    return this.#sessions.has(token);
  }

  begin(manifest, script) {
    if (typeof manifest !== "object" || manifest === null) throw refused("The manifest is missing.");
    const files = new Map();
    for (const [name, { hash, size } = {}] of Object.entries(manifest)) {
      if (!name.startsWith("/")) throw refused(`The path ${name} does not begin with a slash.`);
      if (!HASH.test(hash ?? "") || !Number.isInteger(size)) throw refused(`The hash or the size of ${name} is not valid.`);
      if (size > MOST_ASSET_BYTES) throw refused(`${name} has more than ${MOST_ASSET_BYTES} bytes.`);
      files.set(name, { hash, size });
    }
    if (files.size > MOST_ASSETS) throw refused(`There are more than ${MOST_ASSETS} files.`);
    const missing = new Map([...files.values()].filter(({ hash }) => !this.#files.has(hash)).map(({ hash, size }) => [hash, size]));
    if (missing.size === 0) return { jwt: this.#finished(files, script), buckets: [] };
    const buckets = [[]];
    let bytes = 0;
    for (const [hash, size] of missing) {
      const isFull = buckets.at(-1).length === MOST_FILES || bytes + size > MOST_BYTES;
      if (isFull && buckets.at(-1).length > 0) {
        buckets.push([]);
        bytes = 0;
      }
      buckets.at(-1).push(hash);
      bytes += size;
    }
    const jwt = this.#token({ script });
    this.#sessions.set(jwt, { files, missing: new Set(missing.keys()), script });
    return { jwt, buckets };
  }

  #finished(files, script) {
    const jwt = this.#token({ script, completed: true });
    this.#whole.set(jwt, files);
    return jwt;
  }

  /** Takes files in base64, each part called by its hash. The token of what is whole comes with the last of them. */
  take(token, parts) {
    const session = this.#sessions.get(token);
    for (const { name: hash, type, bytes: base64 } of parts) {
      const [named, wanted] = [...session.files].find(([, file]) => file.hash === hash) ?? [];
      if (!named) throw refused(`No file of this upload has the hash ${hash}.`);
      const bytes = Buffer.from(base64.toString("latin1"), "base64");
      if (bytes.length !== wanted.size) throw refused(`${named} has ${bytes.length} bytes and was said to have ${wanted.size}.`);
      const names = [...session.files].filter(([, file]) => file.hash === hash).map(([name]) => name);
      if (!names.some((name) => isHash(hash, bytes, name))) throw refused(`The content of ${named} has another hash.`);
      this.#files.set(hash, { bytes, type: type === "application/null" ? undefined : type });
      session.missing.delete(hash);
    }
    if (session.missing.size > 0) return undefined;
    this.#sessions.delete(token);
    return this.#finished(session.files, session.script);
  }

  /** What a version has of an upload: path → bytes and type, and how it is served. */
  of({ jwt, config = {} }) {
    const files = this.#whole.get(jwt);
    if (!files) throw refused("The token of the assets is not that of a finished upload.");
    return { config, files: new Map([...files].map(([name, { hash }]) => [name, this.#files.get(hash)])) };
  }
}
