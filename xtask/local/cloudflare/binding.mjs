// What a Worker's binding to a bucket of R2 asks, answered from the account's buckets: so a Worker reads the bytes that were put over the API.
// The protocol is workerd's (src/workerd/api/r2-api.capnp, as JSON), behind the proxy that Miniflare has for resources that are elsewhere.
import { createHash } from "node:crypto";
import http from "node:http";

const BINDING = "mf-binding";
const REQUEST = "mf-header-cf-r2-request";
const SIZE = "mf-header-cf-r2-metadata-size";

class R2Error extends Error {
  constructor(status, v4code, message, object) {
    super(message);
    Object.assign(this, { status, v4code, object });
  }
}

function told({ key, version, etag, bytes, uploaded, http: httpFields, custom }, { range, include = { http: true, custom: true } } = {}) {
  return {
    name: key, version, size: bytes.length, etag, uploaded, checksums: { 0: etag }, ...(range && { range }),
    ...(include.http && { httpFields }), ...(include.custom && { customFields: Object.entries(custom).map(([k, v]) => ({ k, v })) }),
  };
}

/** Whether the conditions hold (RFC 9110 section 13). */
function holds({ etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter, secondsGranularity }, object) {
  const is = ({ type, value }) => object !== undefined && (type === "wildcard" || value === object.etag);
  const at = object && (secondsGranularity ? Math.floor(object.uploaded / 1000) * 1000 : object.uploaded);
  if (etagMatches && !etagMatches.some(is)) return false;
  if (etagDoesNotMatch && etagDoesNotMatch.some(is)) return false;
  if (uploadedBefore !== undefined && !etagMatches && !(object && at < Number(uploadedBefore))) return false;
  return uploadedAfter === undefined || Boolean(etagDoesNotMatch) || Boolean(object && at > Number(uploadedAfter));
}

function wantedRange({ range, rangeHeader }, size) {
  let { offset, length, suffix } = range ?? {};
  if (rangeHeader) {
    const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(rangeHeader) ?? [];
    if (from === undefined || from + to === "") return undefined;
    if (from === "") suffix = to;
    else [offset, length] = [from, to === "" ? undefined : Number(to) - Number(from) + 1];
  }
  if (suffix !== undefined) return { offset: Math.max(0, size - Number(suffix)), length: Math.min(size, Number(suffix)) };
  if (offset === undefined && length === undefined) return undefined;
  const first = Number(offset ?? 0);
  if (first >= size && size > 0) throw new R2Error(416, 10039, "The requested range is not satisfiable.");
  return { offset: first, length: Math.min(Number(length ?? size), size - first) };
}

const missing = () => new R2Error(404, 10007, "The specified key does not exist.");

const METHODS = {
  head(bucket, { object: key }) {
    const object = bucket.get(key) ?? refuse(missing());
    return { metadata: told(object) };
  },
  get(bucket, { object: key, onlyIf, ...rest }) {
    const object = bucket.get(key) ?? refuse(missing());
    if (onlyIf && !holds(onlyIf, object)) throw new R2Error(412, 10031, "At least one of the pre-conditions you specified did not hold.", object);
    const range = wantedRange(rest, object.bytes.length);
    const value = range ? object.bytes.subarray(range.offset, range.offset + range.length) : object.bytes;
    return { metadata: told(object, { range: range ?? { offset: 0, length: object.bytes.length } }), value };
  },
  list(bucket, { limit, prefix, cursor, delimiter, startAfter, include = [] }) {
    const after = cursor ? Buffer.from(cursor, "base64url").toString("utf8") : startAfter;
    const page = bucket.list({ prefix, after, limit, delimiter });
    const shown = { http: include.includes(0), custom: include.includes(1) };
    const objects = page.objects.map((object) => told(object, { include: shown }));
    return { metadata: { objects, truncated: page.truncated, delimitedPrefixes: page.prefixes, ...(page.truncated && { cursor: Buffer.from(page.last).toString("base64url") }) } };
  },
  put(bucket, { object: key, customFields = [], httpFields = {}, onlyIf, ...sums }, value) {
    if (onlyIf && !holds(onlyIf, bucket.get(key))) throw new R2Error(412, 10031, "At least one of the pre-conditions you specified did not hold.");
    for (const name of ["md5", "sha1", "sha256", "sha384", "sha512"]) {
      if (sums[name] === undefined) continue;
      const digest = createHash(name).update(value).digest(name === "md5" ? "base64" : "hex");
      if (digest !== sums[name]) throw new R2Error(400, 10037, `The ${name} checksum you specified did not match what we received.`);
    }
    return { metadata: told(bucket.put(key, value, { http: httpFields, custom: Object.fromEntries(customFields.map(({ k, v }) => [k, v])) })) };
  },
  delete(bucket, { object, objects = [object] }) {
    for (const key of objects) bucket.delete(key);
    return {};
  },
};

function refuse(error) {
  throw error;
}

function handled(buckets, { headers, url }, body) {
  const names = JSON.parse(Buffer.from(url.slice("/r2/".length), "base64url").toString("utf8"));
  const name = names[headers[BINDING]];
  if (!buckets.has(name)) throw new R2Error(404, 10006, "The specified bucket does not exist.");
  const size = Number(headers[SIZE] ?? 0);
  const asked = JSON.parse(size > 0 ? body.subarray(0, size).toString("utf8") : headers[REQUEST]);
  const method = METHODS[asked.method];
  if (!method) throw new R2Error(501, 10001, `The double of R2 has no ${asked.method}.`);
  return method(buckets.bucket(name), asked, body.subarray(size));
}

/** Serves the buckets to Workers. @returns `{address, stop}`: `address(names)` is what a Worker is told, whose bindings have these buckets */
export async function startBinding(buckets) {
  // A client that keeps its connections must not lose one as it sends: none is closed for being idle.
  const server = http.createServer({ keepAliveTimeout: 0 }, async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const send = (status, headers, { metadata, value = Buffer.alloc(0) }) => {
      const told = metadata ? Buffer.from(JSON.stringify(metadata)) : Buffer.alloc(0);
      answer.writeHead(status, { ...headers, ...(metadata && { "cf-r2-metadata-size": String(told.length) }), "content-length": String(told.length + value.length) });
      answer.end(Buffer.concat([told, value]));
    };
    try {
      send(200, {}, handled(buckets, request, Buffer.concat(chunks)));
    } catch (error) {
      const { status = 500, v4code = 10001, object, message } = error;
      send(status, { "cf-r2-error": JSON.stringify({ version: 1, v4code, message }) }, { metadata: object && told(object) });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    // Miniflare has one such address for all bindings of a Worker.
    address: (names) => new URL(`http://127.0.0.1:${port}/r2/${Buffer.from(JSON.stringify(names)).toString("base64url")}`),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
