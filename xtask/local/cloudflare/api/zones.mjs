// Zones: routes of their Workers, host names of customers, records, what is cached.
import { Refusal, ok, paged } from "../answer.mjs";

const path = "/zones/:zone";
const ROUTES = (level) => `Workers Routes: ${level}`;
const HOSTNAMES = (level) => `SSL and Certificates: ${level}`;
const RECORDS = (level) => `DNS: ${level}`;

const named = ({ account, params }) => account.zone(params.zone);

function listed({ account, query, token }) {
  const isWanted = ({ name }) => (!query.has("name") || query.get("name") === name) && (!query.has("account.id") || query.get("account.id") === account.id);
  // Whoever may not see a zone is told of none.
  const mayRead = token.permissions === "*" || token.permissions.some((one) => /^Zone: (Read|Edit)$/.test(one));
  const zones = account.zones.filter((zone) => mayRead && isWanted(zone) && (!token.zones || token.zones.includes(zone.name)));
  return paged(zones.map((zone) => zone.told({ id: account.id, name: account.name })), query);
}

function filtered(items, query, fields) {
  return items.filter((item) => fields.every((field) => !query.has(field) || String(item[field]) === query.get(field)));
}

export default [
  ["GET", "/zones", null, listed],
  ["GET", path, "Zone: Read", (request) => ok(named(request).told({ id: request.account.id, name: request.account.name }))],

  ["GET", `${path}/workers/routes`, ROUTES("Read"), (request) => ok(named(request).routes)],
  ["POST", `${path}/workers/routes`, ROUTES("Edit"), (request) => ok(named(request).addRoute(request.json()))],
  ["GET", `${path}/workers/routes/:route`, ROUTES("Read"), (request) => ok(named(request).route(request.params.route))],
  ["PUT", `${path}/workers/routes/:route`, ROUTES("Edit"), (request) => {
    const { pattern, script } = request.json();
    named(request).checkPattern(pattern);
    return ok(Object.assign(named(request).route(request.params.route), { pattern, script }));
  }],
  ["DELETE", `${path}/workers/routes/:route`, ROUTES("Edit"), (request) => {
    named(request).removeRoute(request.params.route);
    return ok({ id: request.params.route });
  }],

  ["GET", `${path}/custom_hostnames`, HOSTNAMES("Read"), (request) => {
    const found = filtered(named(request).hostnames, request.query, ["hostname", "id"]);
    return paged(found.map(({ id }) => named(request).hostname(id)), request.query, { usual: 50, most: 50 });
  }],
  ["POST", `${path}/custom_hostnames`, HOSTNAMES("Edit"), (request) => ok(named(request).addHostname(request.json(), request.account.limits), { status: 201 })],
  ["GET", `${path}/custom_hostnames/:hostname`, HOSTNAMES("Read"), (request) => ok(named(request).hostname(request.params.hostname))],
  ["PATCH", `${path}/custom_hostnames/:hostname`, HOSTNAMES("Edit"), (request) => ok(named(request).changeHostname(request.params.hostname, request.json()), { status: 202 })],
  ["DELETE", `${path}/custom_hostnames/:hostname`, HOSTNAMES("Edit"), (request) => {
    named(request).removeHostname(request.params.hostname);
    return ok({ id: request.params.hostname });
  }],

  ["GET", `${path}/dns_records`, RECORDS("Read"), (request) => {
    const found = filtered(named(request).records, request.query, ["name", "type", "content", "proxied"]);
    return paged(found, request.query, { usual: 100, most: 5000 });
  }],
  ["POST", `${path}/dns_records`, RECORDS("Edit"), (request) => ok(named(request).record(request.json()))],
  ["GET", `${path}/dns_records/:record`, RECORDS("Read"), (request) => ok(named(request).recordById(request.params.record))],
  ...["PATCH", "PUT"].map((method) =>
    [method, `${path}/dns_records/:record`, RECORDS("Edit"), (request) => ok(named(request).changeRecord(request.params.record, request.json()))]),
  ["DELETE", `${path}/dns_records/:record`, RECORDS("Edit"), (request) => {
    named(request).removeRecord(request.params.record);
    return ok({ id: request.params.record });
  }],

  ["GET", `${path}/ssl/certificate_packs`, HOSTNAMES("Read"), ({ account, params, query }) =>
    paged(account.certificates.filter(({ zone_id }) => zone_id === params.zone).map(({ zone_id, ...pack }) => pack), query)],
  ["DELETE", `${path}/ssl/certificate_packs/:pack`, HOSTNAMES("Edit"), ({ account, params }) => {
    const at = account.certificates.findIndex(({ id }) => id === params.pack);
    if (at < 0) throw new Refusal(404, 1020, "The certificate pack was not found.");
    account.certificates.splice(at, 1);
    return ok({ id: params.pack });
  }],

  ["POST", `${path}/purge_cache`, "Cache Purge: Purge", (request) => {
    named(request).purge(request.json());
    return ok({ id: named(request).id });
  }],
];
