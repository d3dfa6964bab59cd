// Dispatch namespaces and the Workers in them.
import { ok, paged } from "../answer.mjs";
import { named, put, remove, secrets } from "./workers.mjs";

const [READ, EDIT] = ["Workers Scripts: Read", "Workers Scripts: Edit"];
const path = "/accounts/:account/workers/dispatch/namespaces";
const script = `${path}/:namespace/scripts/:name`;

const told = ({ namespace_id, name, created, workers }) => ({
  namespace_id, namespace_name: name, created_on: created, modified_on: created, created_by: "operator", modified_by: "operator", script_count: workers.size,
  trusted_workers: false,
});

function whole(request) {
  const worker = named(request);
  return ok({ script: worker.script(), dispatch_namespace: request.params.namespace, created_on: worker.created, modified_on: worker.modified });
}

function setTags(request) {
  const worker = named(request);
  worker.settings.tags = request.json();
  return ok(worker.settings.tags);
}

function removeNamespace({ account, runtime, params }) {
  for (const worker of account.namespace(params.namespace).workers.values()) runtime.forget(worker);
  account.namespaces.delete(params.namespace);
}

export default [
  ["GET", path, READ, ({ account, query }) => paged([...account.namespaces.values()].map(told), query)],
  ["POST", path, EDIT, ({ account, json }) => ok(told(account.createNamespace(json().name)))],
  ["GET", `${path}/:namespace`, READ, ({ account, params }) => ok(told(account.namespace(params.namespace)))],
  ["DELETE", `${path}/:namespace`, EDIT, removeNamespace],
  ["GET", `${path}/:namespace/scripts`, READ, ({ account, params, query }) => {
    const wanted = query.get("tags")?.split(",").map((tag) => tag.split(":"));
    const has = ({ settings }) => !wanted || wanted.every(([tag, kept]) => settings.tags.includes(tag) === (kept !== "no"));
    const workers = [...account.namespace(params.namespace).workers.values()].filter(has);
    return paged(workers.map((worker) => ({ ...worker.script(), dispatch_namespace: params.namespace })), query, { usual: 1000, most: 1000 });
  }],
  ["PUT", script, EDIT, put],
  ["GET", script, READ, whole],
  ["DELETE", script, EDIT, remove],
  ["GET", `${script}/settings`, READ, (request) => ok(named(request).setup())],
  ["GET", `${script}/tags`, READ, (request) => ok(named(request).settings.tags)],
  ["PUT", `${script}/tags`, EDIT, setTags],
  ...secrets(script),
];
