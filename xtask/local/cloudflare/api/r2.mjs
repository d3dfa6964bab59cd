// R2: buckets, and their objects as the API has them.
import { ok } from "../answer.mjs";
import { bucketRefusals } from "../buckets.mjs";

const [READ, EDIT] = ["Workers R2 Storage: Read", "Workers R2 Storage: Edit"];
const path = "/accounts/:account/r2/buckets";

/** How the headers of an object are called in its metadata. */
const FIELDS = {
  "content-type": "contentType", "content-language": "contentLanguage", "content-disposition": "contentDisposition",
  "content-encoding": "contentEncoding", "cache-control": "cacheControl", expires: "cacheExpiry",
};

const named = ({ account, params }) => account.buckets.bucket(params.bucket);

function told({ key, etag, bytes, uploaded, http, custom }) {
  const last_modified = new Date(uploaded).toISOString();
  return { key, etag, size: bytes.length, last_modified, http_metadata: http, custom_metadata: custom, storage_class: "Standard" };
}

function buckets({ account, query }) {
  const per_page = Math.min(Number(query.get("per_page")) || 20, 1000);
  const rest = account.buckets.all().filter(({ name }) => name > (query.get("cursor") ?? "") && name.includes(query.get("name_contains") ?? ""));
  const shown = rest.slice(0, per_page);
  const cursor = rest.length > shown.length ? shown.at(-1).name : undefined;
  return ok({ buckets: shown.map((bucket) => bucket.told()) }, { info: { per_page, ...(cursor && { cursor }) } });
}

function objects(request) {
  const { query } = request;
  const per_page = Math.min(Number(query.get("per_page")) || 1000, 1000);
  const cursor = query.get("cursor");
  const after = cursor ? Buffer.from(cursor, "base64url").toString("utf8") : query.get("start_after") ?? "";
  const page = named(request).list({ prefix: query.get("prefix") ?? "", after, limit: per_page, delimiter: query.get("delimiter") ?? undefined });
  const info = { per_page, is_truncated: page.truncated, delimited: page.prefixes, ...(page.truncated && { cursor: Buffer.from(page.last).toString("base64url") }) };
  return ok(page.objects.map(told), { info });
}

function get(request) {
  const object = named(request).get(request.params.key);
  if (!object) throw bucketRefusals.noKey();
  const headers = { etag: `"${object.etag}"`, "last-modified": new Date(object.uploaded).toUTCString(), "content-length": String(object.bytes.length) };
  for (const [header, field] of Object.entries(FIELDS)) if (object.http[field]) headers[header] = String(object.http[field]);
  return { status: 200, headers, body: request.method === "HEAD" ? Buffer.alloc(0) : object.bytes };
}

function put(request) {
  const fields = Object.entries(FIELDS).filter(([header]) => request.headers[header] !== undefined);
  const http = Object.fromEntries(fields.map(([header, field]) => [field, request.headers[header]]));
  const { key, etag, version, bytes, uploaded } = named(request).put(request.params.key, request.body, { http });
  return ok({ key, etag, version, size: String(bytes.length), uploaded: new Date(uploaded).toISOString(), storage_class: "Standard" });
}

export default [
  ["GET", path, READ, buckets],
  ["POST", path, EDIT, ({ account, json, headers }) => ok(account.buckets.create(json(), headers["cf-r2-jurisdiction"]).told())],
  ["GET", `${path}/:bucket`, READ, (request) => ok(named(request).told())],
  ["DELETE", `${path}/:bucket`, EDIT, ({ account, params }) => {
    account.buckets.delete(params.bucket);
  }],
  ["GET", `${path}/:bucket/objects`, READ, objects],
  ["GET", `${path}/:bucket/objects/*key`, READ, get],
  ["HEAD", `${path}/:bucket/objects/*key`, READ, get],
  ["PUT", `${path}/:bucket/objects/*key`, EDIT, put],
  ["DELETE", `${path}/:bucket/objects/*key`, EDIT, (request) => {
    // What is not there is taken away all the same.
    named(request).delete(request.params.key);
    return ok({ key: request.params.key });
  }],
];
