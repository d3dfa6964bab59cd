// What leads to a Worker: its name below workers.dev, routes, custom domains, the clock.
import { Refusal, ok } from "../answer.mjs";
import { now } from "../worker.mjs";
import { named } from "./workers.mjs";

const [READ, EDIT] = ["Workers Scripts: Read", "Workers Scripts: Edit"];
const path = "/accounts/:account/workers/scripts/:name";
const domains = "/accounts/:account/workers/domains";
/** From this day of the API on, previews follow what is not said of them. */
const PREVIEWS_FOLLOW = "2025-08-01";

function setSubdomain(request) {
  const worker = named(request);
  const { enabled, previews_enabled } = request.json();
  const follows = (request.headers["cloudflare-workers-script-api-date"] ?? "") >= PREVIEWS_FOLLOW;
  worker.subdomain = { enabled, previews_enabled: previews_enabled ?? (follows ? enabled : worker.subdomain.previews_enabled) };
  return ok(worker.subdomain);
}

/** Sets all routes of a Worker, in all zones. */
function setRoutes(request) {
  const { account } = request;
  const worker = named(request);
  const wanted = request.json().map(({ pattern, zone_id, zone_name }) => {
    const host = pattern.replace(/^[^/]*:\/\//, "").split("/")[0].replace(/^\*\.?/, "");
    const zone = account.zones.find(({ id, name }) => id === zone_id || name === zone_name) ?? account.zoneOf(host);
    if (!zone) throw new Refusal(400, 10022, `No zone of this account holds ${pattern}.`);
    zone.checkPattern(pattern);
    const other = zone.routes.find((route) => route.pattern === pattern && route.script !== worker.name);
    if (other) throw new Refusal(409, 10020, "A route with the same pattern already exists.");
    return { zone, pattern };
  });
  for (const zone of account.zones) zone.routes = zone.routes.filter(({ script, pattern }) => script !== worker.name || wanted.some((one) => one.zone === zone && one.pattern === pattern));
  return ok(wanted.map(({ zone, pattern }) => zone.routes.find((route) => route.pattern === pattern) ?? zone.addRoute({ pattern, script: worker.name })));
}

function setSchedules(request) {
  const worker = named(request);
  worker.schedules = request.json().map(({ cron }) => ({ cron, created_on: now(), modified_on: now() }));
  return ok({ schedules: worker.schedules });
}

/** What would change if these were the custom domains of a Worker. */
function changeset(request) {
  const { account, query } = request;
  const { name } = named(request);
  const wanted = request.json();
  const result = { added: [], removed: [], updated: [], conflicting: [] };
  for (const origin of wanted) {
    const known = account.domains.find(({ hostname }) => hostname === origin.hostname);
    if (known) result.updated.push({ ...known, modified: known.service !== name });
    else result.added.push(origin);
    const record = account.zoneOf(origin.hostname)?.records.find((one) => one.name === origin.hostname);
    if (record && !known) result.conflicting.push({ hostname: origin.hostname });
  }
  if (query.get("replace_state") === "true") {
    result.removed = account.domains.filter(({ service, hostname }) => service === name && !wanted.some((one) => one.hostname === hostname));
  }
  return ok(result);
}

/** Sets all custom domains of a Worker. */
function setRecords(request) {
  const { account } = request;
  const { name } = named(request);
  const { origins, override_existing_origin: overrides = false, override_existing_dns_record: overridesRecord = false } = request.json();
  const made = origins.map((origin) => account.setDomain({ ...origin, service: name }, { overrides, overridesRecord }));
  account.domains = account.domains.filter((domain) => domain.service !== name || made.includes(domain));
  return ok(made);
}

function listed({ account, query }) {
  const wanted = ["hostname", "service", "environment", "zone_id", "zone_name"].filter((field) => query.has(field));
  return ok(account.domains.filter((domain) => wanted.every((field) => domain[field] === query.get(field))));
}

export default [
  ["GET", "/accounts/:account/workers/subdomain", READ, ({ account }) => {
    if (!account.subdomain) throw new Refusal(404, 10007, "There is no workers.dev subdomain.");
    return ok({ subdomain: account.subdomain });
  }],
  ["PUT", "/accounts/:account/workers/subdomain", EDIT, ({ account, json }) => ok({ subdomain: (account.subdomain = json().subdomain) })],
  ["GET", `${path}/subdomain`, READ, (request) => ok(named(request).subdomain)],
  ["POST", `${path}/subdomain`, EDIT, setSubdomain],
  ["GET", `${path}/routes`, READ, (request) => ok(request.account.zones.flatMap(({ routes }) => routes.filter(({ script }) => script === named(request).name)))],
  // It concerns all zones of the account.
  ["PUT", `${path}/routes`, "Workers Routes: Edit", setRoutes],
  ["GET", `${path}/schedules`, READ, (request) => ok({ schedules: named(request).schedules })],
  ["PUT", `${path}/schedules`, EDIT, setSchedules],
  ["POST", `${path}/domains/changeset`, EDIT, changeset],
  ["PUT", `${path}/domains/records`, EDIT, setRecords],
  ["GET", `${domains}/records`, READ, listed],
  ["GET", `${domains}/records/:domain`, READ, ({ account, params }) => ok(account.domain(params.domain))],
  ["GET", domains, READ, listed],
  ["PUT", domains, EDIT, ({ account, json }) => ok(account.setDomain(json()))],
  ["GET", `${domains}/:domain`, READ, ({ account, params }) => ok(account.domain(params.domain))],
  ["DELETE", `${domains}/:domain`, EDIT, ({ account, params }) => {
    account.domains.splice(account.domains.indexOf(account.domain(params.domain)), 1);
  }],
];
