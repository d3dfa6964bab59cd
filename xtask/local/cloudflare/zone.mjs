// A zone, as values: the routes of its Workers, host names of customers, records, what was purged.
import { Refusal } from "./answer.mjs";
import { id32, now } from "./worker.mjs";

/** How often a host name is asked about before its certificate is there. */
const ASKED_UNTIL_ACTIVE = 3;
const MOST_PURGED = 100;

export const zoneRefusals = {
  noRoute: () => new Refusal(404, 10008, "There is no such route in this zone."),
  sameRoute: () => new Refusal(409, 10020, "A route with the same pattern already exists."),
  badRoute: (why) => new Refusal(400, 10022, `The pattern of the route is not valid: ${why}`),
  noHostname: () => new Refusal(404, 1436, "The custom hostname was not found."),
  sameHostname: () => new Refusal(409, 1406, "Duplicate custom hostname found."),
  quota: () => new Refusal(403, 1405, "Quota exceeded."),
  noRecord: () => new Refusal(404, 81044, "Record does not exist."),
  sameHost: () => new Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists."),
  sameRecord: () => new Refusal(400, 81058, "An identical record already exists."),
};

/** A pattern as what it matches (https://developers.cloudflare.com/workers/configuration/routing/routes/#matching-behavior). */
export function parsedPattern(pattern) {
  const [, scheme, host, path = ""] = /^(?:(https?|\*):\/\/)?([^/?]+)(\/.*)?$/.exec(pattern) ?? [];
  if (host === undefined) return undefined;
  // `*` stands at the beginning of the host and at the end of the path, and nowhere else.
  const [hostname, anyHost] = host.startsWith("*") ? [host.slice(1), true] : [host, false];
  const [start, anyPath] = path.endsWith("*") ? [path.slice(0, -1), true] : [path || "/", false];
  if (hostname.includes("*") || start.includes("*") || start.includes("?")) return undefined;
  return { scheme: scheme === "*" ? undefined : scheme, hostname: hostname.toLowerCase(), anyHost, start, anyPath };
}

/** Whether a pattern matches an address: the whole of it, its query included. */
export function matches({ scheme, hostname, anyHost, start, anyPath }, url) {
  const rest = url.pathname + url.search;
  if (scheme && `${scheme}:` !== url.protocol) return false;
  if (anyHost ? !url.hostname.endsWith(hostname) : url.hostname !== hostname) return false;
  return anyPath ? rest.startsWith(start) : rest === start;
}

export class Zone {
  routes = [];
  hostnames = [];
  records = [];
  /** What was purged, in order. */
  purged = [];

  constructor({ name, id = id32(), records = [name, `*.${name}`] }) {
    Object.assign(this, { name, id });
    for (const host of records) this.record({ type: "AAAA", name: host, content: "100::", proxied: true });
  }

  /** Whether a host is one of it. */
  holds(host) {
    return host === this.name || host.endsWith(`.${this.name}`);
  }

  told(account) {
    return {
      id: this.id, name: this.name, status: "active", paused: false, type: "full", development_mode: 0, name_servers: [], account, permissions: [],
      plan: { id: "free", name: "Free Website", legacy_id: "free" },
    };
  }

  addRoute({ pattern, script }) {
    this.checkPattern(pattern);
    if (this.routes.some((route) => route.pattern === pattern)) throw zoneRefusals.sameRoute();
    const route = { id: id32(), pattern, script };
    this.routes.push(route);
    return route;
  }

  checkPattern(pattern) {
    const parsed = typeof pattern === "string" ? parsedPattern(pattern) : undefined;
    if (!parsed) throw zoneRefusals.badRoute("`*` stands at the beginning of the host or at the end of the path, and there is no query");
    // Only that of everybody's host names belongs to no name of the zone.
    const inside = parsed.hostname === "" || this.holds(parsed.hostname.replace(/^\./, "")) || this.hostnames.some(({ hostname }) => hostname === parsed.hostname);
    if (!inside) throw zoneRefusals.badRoute(`it is no part of the zone ${this.name}`);
  }

  route(id) {
    const found = this.routes.find((route) => route.id === id);
    if (!found) throw zoneRefusals.noRoute();
    return found;
  }

  removeRoute(id) {
    this.routes.splice(this.routes.indexOf(this.route(id)), 1);
  }

  /** The most specific route for an address: the longer host first, then the longer path, and what has no wildcard before what has. */
  routeFor(url) {
    const rank = ({ hostname, anyHost, start, anyPath }) => [hostname.length, anyHost ? 0 : 1, start.length, anyPath ? 0 : 1];
    const found = this.routes.map((route) => ({ route, parsed: parsedPattern(route.pattern) })).filter(({ parsed }) => matches(parsed, url));
    found.sort((a, b) => {
      const [left, right] = [rank(a.parsed), rank(b.parsed)];
      const at = left.findIndex((one, index) => one !== right[index]);
      return at < 0 ? 0 : right[at] - left[at];
    });
    return found[0]?.route;
  }

  addHostname({ hostname, ssl = {}, ...more }, { hostnames: most = Infinity } = {}) {
    checkHostname(hostname);
    if (this.hostnames.length >= most) throw zoneRefusals.quota();
    if (this.hostnames.some((one) => one.hostname === hostname)) throw zoneRefusals.sameHostname();
    const token = id32();
    const name = `_cf-custom-hostname.${hostname}`;
    const made = {
      id: id32(), hostname, status: "pending", created_at: now(), custom_metadata: more.custom_metadata,
      ssl: { id: id32(), type: ssl.type ?? "dv", method: ssl.method ?? "http", status: "initializing", wildcard: ssl.wildcard ?? false, certificate_authority: "google" },
      ownership_verification: { type: "txt", name, value: token },
      ownership_verification_http: { http_url: `http://${hostname}/.well-known/cf-custom-hostname-challenge/${id32()}`, http_body: token },
      asked: 0,
    };
    this.hostnames.push(made);
    return toldHostname(made);
  }

  #hostname(id) {
    const found = this.hostnames.find((one) => one.id === id);
    if (!found) throw zoneRefusals.noHostname();
    return found;
  }

  /** Asked about often enough it is active: nobody sets up its DNS here. */
  hostname(id) {
    const found = this.#hostname(id);
    found.asked += 1;
    if (found.status === "pending") found.ssl.status = "pending_validation";
    if (found.asked >= ASKED_UNTIL_ACTIVE) this.activate(found);
    return toldHostname(found);
  }

  changeHostname(id, { ssl, custom_metadata }) {
    const found = this.#hostname(id);
    Object.assign(found.ssl, ssl);
    if (custom_metadata) found.custom_metadata = custom_metadata;
    return toldHostname(found);
  }

  activate(found) {
    found.status = "active";
    found.ssl.status = "active";
  }

  removeHostname(id) {
    this.hostnames.splice(this.hostnames.indexOf(this.#hostname(id)), 1);
  }

  record({ type, name = "", content, proxied = false, ttl = 1, comment = null, tags = [] }) {
    if (!type || typeof content !== "string") throw new Refusal(400, 9005, "A record has a type and a content.");
    const host = name === "@" ? this.name : this.holds(name) ? name : `${name}.${this.name}`;
    this.#checkRecord(type, host, content);
    const record = {
      id: id32(), name: host, type, content, proxiable: ["A", "AAAA", "CNAME"].includes(type), proxied, ttl, settings: {}, meta: {}, comment, tags,
      created_on: now(), modified_on: now(),
    };
    this.records.push(record);
    return record;
  }

  #checkRecord(type, host, content, except) {
    const others = this.records.filter((one) => one.name === host && one !== except);
    if (others.some((one) => one.type === type && one.content === content)) throw zoneRefusals.sameRecord();
    const addresses = ["A", "AAAA", "CNAME"];
    // An alias is alone.
    if (addresses.includes(type) && others.some((one) => addresses.includes(one.type) && (type === "CNAME" || one.type === "CNAME"))) throw zoneRefusals.sameHost();
  }

  recordById(id) {
    const found = this.records.find((one) => one.id === id);
    if (!found) throw zoneRefusals.noRecord();
    return found;
  }

  changeRecord(id, changes) {
    const record = this.recordById(id);
    const { type, name, content, proxied, ttl, comment, tags } = { ...record, ...changes };
    const host = this.holds(name) ? name : `${name}.${this.name}`;
    this.#checkRecord(type, host, content, record);
    return Object.assign(record, { type, name: host, content, proxied, ttl, comment, tags, modified_on: now() });
  }

  removeRecord(id) {
    this.records.splice(this.records.indexOf(this.recordById(id)), 1);
  }

  /** Whether visitors of a host come here at all: through a proxied record. */
  isProxied(host) {
    const above = `*.${host.split(".").slice(1).join(".")}`;
    const exact = this.records.filter(({ name }) => name === host);
    const own = exact.length > 0 ? exact : this.records.filter(({ name }) => name === above);
    return own.some(({ proxied }) => proxied);
  }

  purge(body) {
    if (body.purge_everything === true) return void this.purged.push({ everything: true });
    const kind = ["files", "tags", "hosts", "prefixes"].find((one) => Array.isArray(body[one]));
    if (!kind || body[kind].length === 0) throw new Refusal(400, 1012, "Request must contain one of \"purge_everything\", \"files\", \"tags\", \"hosts\" or \"prefixes\"");
    if (body[kind].length > MOST_PURGED) throw new Refusal(400, 1094, `Unable to purge, maximum number of ${kind} is ${MOST_PURGED}`);
    this.purged.push(...body[kind].map((one) => ({ [kind]: typeof one === "string" ? one : one.url })));
  }

  seen() {
    const { routes, purged } = this;
    return {
      name: this.name, routes, purged,
      hostnames: this.hostnames.map(({ hostname, status, ssl }) => ({ hostname, status, ssl: ssl.status })),
      records: this.records.map(({ type, name, content, proxied }) => ({ type, name, content, proxied })),
    };
  }
}

/** What may be no host name of a customer (https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/reference/status-codes/custom-hostnames/). */
function checkHostname(hostname) {
  if (typeof hostname !== "string") throw new Refusal(400, 1400, "Unable to decode the JSON request body.");
  if (hostname.length > 255 || !/^(\*\.)?([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i.test(hostname)) throw new Refusal(400, 1407, "Invalid custom hostname.");
  if (/\.(test|example|invalid|localhost)$/.test(hostname)) throw new Refusal(400, 1409, "Reserved top domain custom hostnames, such as 'test', 'example', 'invalid' or 'localhost', is not supported.");
  if (/(^|\.)example\.(com|net|org)$/.test(hostname)) throw new Refusal(400, 1411, "Custom hostnames ending in example.com, example.net, or example.org are prohibited.");
}

function toldHostname({ asked, ...rest }) {
  return structuredClone(rest);
}
