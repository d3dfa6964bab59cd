// Versions of Workers, and which of them are live.
import { Refusal, ok, paged } from "../answer.mjs";
import { named, uploaded } from "./workers.mjs";

const [READ, EDIT] = ["Workers Scripts: Read", "Workers Scripts: Edit"];
const path = "/accounts/:account/workers/scripts/:name";

async function post(request) {
  const worker = named(request);
  const { version, startup_time_ms } = await uploaded(request, worker);
  worker.add(version);
  return ok({ ...version.whole(), startup_time_ms });
}

function deploy(request) {
  const { versions, strategy, annotations } = request.json();
  return ok(named(request).deploy(versions, { source: request.source, annotations, strategy }));
}

/** Sets secrets for the next version, which is not live yet. */
function amend(request) {
  const { env = {}, annotations } = request.json();
  const changes = Object.entries(env).map(([name, value]) => [name, value && { name, ...value }]);
  return ok(named(request).amend(Object.fromEntries(changes), request.source, annotations).whole());
}

export default [
  ["PATCH", "/accounts/:account/workers/workers/:name/versions/latest", EDIT, amend],
  ["POST", `${path}/versions`, EDIT, post],
  ["GET", `${path}/versions`, READ, (request) => {
    const items = named(request).versions.map((version) => version.summary()).reverse();
    const isDeployable = request.query.get("deployable") === "true";
    return paged(items, request.query, { usual: isDeployable ? 100 : 10, most: 100, wrap: (page) => ({ items: page }) });
  }],
  ["GET", `${path}/versions/:version`, READ, (request) => {
    const found = named(request).version(request.params.version);
    if (!found) throw new Refusal(404, 10141, `There is no version ${request.params.version} of this Worker.`);
    return ok(found.whole());
  }],
  ["POST", `${path}/deployments`, EDIT, deploy],
  ["GET", `${path}/deployments`, READ, (request) => ok({ deployments: named(request).told() })],
  ["GET", `${path}/deployments/:deployment`, READ, (request) => {
    const found = named(request).deployments.find(({ id }) => id === request.params.deployment);
    if (!found) throw new Refusal(404, 10142, "There is no such deployment of this Worker.");
    return ok(found);
  }],
];
