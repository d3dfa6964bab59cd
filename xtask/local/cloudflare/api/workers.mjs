// The account's own Workers: uploading, looking at, taking away; their secrets.
import { Refusal, ok, paged, refusals } from "../answer.mjs";
import { readUpload } from "../upload.mjs";
import { Version, checkBindings, checkVariables, told } from "../worker.mjs";

const [READ, EDIT] = ["Workers Scripts: Read", "Workers Scripts: Edit"];

/** The version that an upload makes, seen to start. Nothing of the account is changed. */
export async function uploaded({ account, runtime, body, headers, query, source }, worker) {
  const { metadata, modules } = readUpload(body, headers["content-type"]);
  account.checkSize(modules);
  const assets = metadata.assets?.jwt ? account.assets.of(metadata.assets) : undefined;
  const strict = query.get("bindings_inherit") === "strict";
  const content = worker.planned({ metadata, modules, assets, source, strict });
  worker.checkMigrations(metadata.migrations);
  checkBindings(account, worker, content);
  const version = new Version(content);
  const startup_time_ms = await runtime.check(worker, version);
  return { version, startup_time_ms, metadata };
}

/** Uploads a Worker, live from then on: here or in a dispatch namespace. */
export async function put(request) {
  const { account, params, source } = request;
  const worker = account.workerOrNew(params.name, params.namespace);
  const { version, startup_time_ms, metadata } = await uploaded(request, worker);
  account.at(params.namespace).set(worker.name, worker);
  worker.add(version);
  worker.deploy([{ version_id: version.id, percentage: 100 }], { source, annotations: { "workers/triggered_by": "upload", ...metadata.annotations } });
  for (const name of ["logpush", "tail_consumers", "tags", "observability"]) {
    if (metadata[name] !== undefined) worker.settings[name] = metadata[name];
  }
  // The answer calls the version's id a deployment's, without dashes.
  return ok({ ...worker.script(), deployment_id: version.id.replaceAll("-", ""), startup_time_ms });
}

export function remove({ account, runtime, params, query }) {
  runtime.forget(account.removeWorker(params.name, { namespace: params.namespace, force: query.get("force") === "true" }));
  return ok(null);
}

export const named = ({ account, params }) => account.worker(params.name, params.namespace);

const secretTold = ({ name, type }) => ({ name, type });

/** What is asked of the secrets of a Worker, below this path. */
export const secrets = (path) => [
  ["GET", `${path}/secrets`, READ, (request) => ok((named(request).latest?.secrets ?? []).map(secretTold))],
  ["PUT", `${path}/secrets`, EDIT, (request) => {
    const { name, text, type = "secret_text" } = request.json();
    if (!name || typeof text !== "string") throw refusals.malformed("a secret has a name and a text");
    checkVariables(request.account.limits, [{ name, type, text }]);
    named(request).change({ [name]: { name, type, text } }, request.source);
    return ok({ name, type });
  }],
  ["GET", `${path}/secrets/:secret`, READ, (request) => ok(secretTold(secret(request)))],
  ["DELETE", `${path}/secrets/:secret`, EDIT, (request) => {
    named(request).change({ [secret(request).name]: null }, request.source);
    return ok(null);
  }],
  ["PATCH", `${path}/secrets-bulk`, EDIT, (request) => {
    const changes = request.json().secrets ?? {};
    checkVariables(request.account.limits, Object.values(changes).filter(Boolean));
    named(request).change(changes, request.source);
    return ok(named(request).latest.secrets.map(secretTold));
  }],
];

function secret(request) {
  const found = named(request).secret(request.params.secret);
  if (!found) throw new Refusal(404, 10056, "The secret was not found.");
  return found;
}

function settings(request, changes) {
  const worker = named(request);
  for (const name of Object.keys(worker.settings)) if (changes[name] !== undefined) worker.settings[name] = changes[name];
  return ok(worker.setup());
}

function service({ account, params }) {
  if (!account.workers.has(params.name)) throw refusals.noService();
  const worker = account.workers.get(params.name);
  const at = { created_on: worker.created, modified_on: worker.modified };
  const environment = { environment: "production", ...at, script: worker.script() };
  return ok({ id: worker.name, ...at, usage_model: "standard", default_environment: environment, environments: [environment] });
}

function removeService(request) {
  service(request);
  return remove(request);
}

function entity({ account, params }) {
  const worker = [...account.workers.values()].find(({ name, tag }) => [name, tag].includes(params.name));
  if (!worker) throw refusals.noScript();
  const host = `${account.subdomain}.workers.dev`;
  const subdomain = { ...worker.subdomain, url: `https://${worker.name}.${host}`, preview_url_suffix: `-${worker.name}.${host}` };
  const { logpush, observability, tags, tail_consumers } = worker.settings;
  return ok({ id: worker.tag, name: worker.name, created_on: worker.created, updated_on: worker.modified, logpush, observability, tags, tail_consumers, subdomain });
}

const scripts = "/accounts/:account/workers/scripts";

export default [
  ["GET", scripts, READ, ({ account, query }) => paged([...account.workers.values()].map((worker) => worker.script()), query, { usual: 1000, most: 1000 })],
  ["PUT", `${scripts}/:name`, EDIT, put],
  ["GET", `${scripts}/:name`, READ, (request) => {
    const { modules, main } = named(request).latest;
    const { bytes } = modules.find(({ name }) => name === main) ?? { bytes: Buffer.alloc(0) };
    return { status: 200, headers: { "content-type": "application/javascript" }, body: bytes };
  }],
  ["DELETE", `${scripts}/:name`, EDIT, remove],
  ["GET", `${scripts}/:name/settings`, READ, (request) => ok(named(request).setup())],
  ["GET", `${scripts}/:name/bindings`, READ, (request) => ok(named(request).latest.bindings.map(told))],
  ["GET", `${scripts}/:name/script-settings`, READ, (request) => ok(named(request).settings)],
  ["PATCH", `${scripts}/:name/script-settings`, EDIT, (request) => settings(request, request.json())],
  ["GET", `${scripts}/:name/references`, READ, (request) => {
    const incoming = request.account.usersOf(named(request).name).callers.map((name) => ({ service: name, environment: "production", name: request.params.name }));
    return ok({ services: { incoming, outgoing: [], pages_function: false }, durable_objects: [], dispatch_outbounds: [] });
  }],
  ["GET", "/accounts/:account/workers/tails/by-consumer/:name", READ, () => ok([])],
  ...secrets(`${scripts}/:name`),
  ["GET", "/accounts/:account/workers/services/:name", READ, service],
  ["DELETE", "/accounts/:account/workers/services/:name", EDIT, removeService],
  ["GET", "/accounts/:account/workers/workers/:name", READ, entity],
  ["GET", "/accounts/:account/workers/durable_objects/namespaces", READ, ({ account, query }) => paged(objects(account), query, { usual: 20, most: 1000 })],
  ["GET", "/accounts/:account/storage/kv/namespaces", "Workers KV Storage: Read", ({ query }) => paged([], query, { usual: 20, most: 1000 })],
  ["GET", "/accounts/:account/containers/dash/applications", READ, () => ok([])],
  ["GET", "/accounts/:account/containers/applications", READ, () => ok([])],
];

/** The classes of Durable Objects that migrations have made. */
function objects(account) {
  return [...account.workers.values()].flatMap((worker) => (worker.latest.migrations ?? []).flatMap(({ new_classes = [], new_sqlite_classes = [] }) =>
    [...new_classes, ...new_sqlite_classes].map((name) => ({ id: `${worker.tag.slice(0, 16)}${Buffer.from(name).toString("hex")}`.slice(0, 32), name: `${worker.name}_${name}`, script: worker.name, class: name, use_sqlite: new_sqlite_classes.includes(name) }))));
}
