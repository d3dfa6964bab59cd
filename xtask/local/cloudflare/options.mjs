// A version of a Worker as Miniflare runs it.
import fs from "node:fs";
import path from "node:path";

/** The module that stands before one with dispatch namespaces, which workerd does not have by itself. */
const DISPATCH = "double-dispatch.js";
export const DISPATCHED = "x-double-dispatched";
export const NOT_FOUND = "x-double-not-found";
/** What a Worker of assets alone runs. */
const NOTHING = "export default { fetch() { return new Response(null, { status: 404 }); } };";

function dispatching(main, names, classes) {
  return `import * as worker from "./${main}";
export * from "./${main}";
const names = ${JSON.stringify(names)};
function place(service) {
  return { get: (script) => ({ async fetch(input, init) {
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    headers.set(${JSON.stringify(DISPATCHED)}, script);
    const answer = await service.fetch(new Request(request, { headers }));
    if (answer.headers.has(${JSON.stringify(NOT_FOUND)})) throw new Error("Worker not found.");
    return answer;
  } }) };
}
const given = (env) => ({ ...env, ...Object.fromEntries(names.map((name) => [name, place(env[name])])) });
const known = (one) => class extends one { constructor(ctx, env) { super(ctx, given(env)); } };
export default typeof worker.default === "function" ? known(worker.default) : Object.fromEntries(Object.entries(worker.default).map(([event, handler]) =>
  [event, (subject, env, ctx) => handler.call(worker.default, subject, given(env), ctx)]));
${classes.map((name) => `export const ${name} = known(worker.${name});`).join("\n")}
`;
}

/** Writes the assets of a version into a folder. */
function written(files, config, folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, { bytes }] of files) {
    const file = path.join(folder, name);
    if (!file.startsWith(folder + path.sep)) throw new Error(`${name} is outside of its folder`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
  }
  for (const name of ["_headers", "_redirects"]) if (config[name]) fs.writeFileSync(path.join(folder, name), config[name]);
  return folder;
}

function sources({ main, modules, is_module, bindings }) {
  if (main === undefined) return { modules: [{ type: "ESModule", path: "nothing.js", contents: NOTHING }] };
  if (!is_module) return { modules: false, script: modules.find(({ name }) => name === main).bytes.toString("utf8") };
  const all = modules.map(({ name, kind, bytes }) => ({ type: kind, path: name, contents: ["Data", "CompiledWasm"].includes(kind) ? new Uint8Array(bytes) : bytes.toString("utf8") }));
  // The first one is what answers.
  all.sort((a, b) => Number(b.path === main) - Number(a.path === main));
  const names = bindings.filter(({ type }) => type === "dispatch_namespace").map(({ name }) => name);
  const classes = bindings.filter(({ type }) => type === "durable_object_namespace").map(({ class_name }) => class_name);
  if (names.length > 0) all.unshift({ type: "ESModule", path: DISPATCH, contents: dispatching(main, names, [...new Set(classes)]) });
  return { modules: all };
}

/**
 * The options of one Worker. What Durable Objects, KV, D1 and queues hold is of this one version and goes with it; other kinds of bindings are not there.
 * @param {{buckets: (names: Record<string, string>) => URL, service: (name: string, request: Request) => Promise<Response>, dispatch: Function, folder: string}} outside
 */
export function workerOptions(worker, version, { buckets, service, dispatch, folder }) {
  const options = {
    name: "worker", ...sources(version), compatibilityDate: version.compatibility_date, compatibilityFlags: version.compatibility_flags,
    bindings: {}, r2Buckets: {}, serviceBindings: {}, durableObjects: {}, kvNamespaces: {}, d1Databases: {}, queueProducers: {},
    workerLoaders: {},
  };
  const sqlite = new Set((version.migrations ?? []).flatMap(({ new_sqlite_classes = [] }) => new_sqlite_classes));
  const named = Object.fromEntries(version.bindings.filter(({ type }) => type === "r2_bucket").map(({ name, bucket_name }) => [name, bucket_name]));
  const kinds = {
    plain_text: ({ name, text }) => { options.bindings[name] = text; },
    secret_text: ({ name, text }) => { options.bindings[name] = text; },
    json: ({ name, json }) => { options.bindings[name] = json; },
    version_metadata: ({ name }) => { options.bindings[name] = { id: version.id, tag: version.annotations["workers/tag"] ?? "", timestamp: version.created }; },
    r2_bucket: ({ name, bucket_name }) => { options.r2Buckets[name] = { id: bucket_name, remoteProxyConnectionString: buckets(named) }; },
    service: ({ name, service: target }) => { options.serviceBindings[name] = (request) => service(target, request); },
    dispatch_namespace: ({ name, namespace }) => { options.serviceBindings[name] = (request) => dispatch(namespace, request); },
    durable_object_namespace: ({ name, class_name }) => { options.durableObjects[name] = { className: class_name, useSQLite: sqlite.has(class_name) }; },
    kv_namespace: ({ name, namespace_id }) => { options.kvNamespaces[name] = namespace_id; },
    d1: ({ name, id, database_id = id }) => { options.d1Databases[name] = database_id; },
    worker_loader: ({ name }) => { options.workerLoaders[name] = {}; },
    queue: ({ name, queue_name }) => { options.queueProducers[name] = { queueName: queue_name }; },
  };
  for (const binding of version.bindings) kinds[binding.type]?.(binding);
  if (version.assets) {
    const { files, config } = version.assets;
    const binding = version.bindings.find(({ type }) => type === "assets")?.name;
    const ahead = config.run_worker_first;
    options.assets = {
      directory: written(files, config, path.join(folder, version.id)),
      ...(binding && { binding }), ...(ahead !== undefined && { run_worker_first: ahead }),
      routerConfig: { has_user_worker: version.main !== undefined, ...(ahead === true && { invoke_user_worker_ahead_of_assets: true }) },
      assetConfig: { html_handling: config.html_handling ?? "auto-trailing-slash", not_found_handling: config.not_found_handling ?? "none" },
    };
  }
  return options;
}
