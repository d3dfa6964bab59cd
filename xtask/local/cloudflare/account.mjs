// The account that is doubled, as values: tokens and limits, and all that was made in it. Knows nothing of HTTP and runs nothing.
import { Refusal, refusals } from "./answer.mjs";
import { Assets } from "./assets.mjs";
import { Buckets } from "./buckets.mjs";
import { Worker, id32, now, weight } from "./worker.mjs";
import { Zone } from "./zone.mjs";

const NAMESPACE = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
const WORKER = /^[a-z0-9_][a-z0-9-_]{0,62}$/i;

export class Account {
  buckets = new Buckets();
  assets = new Assets();
  /** The account's own Workers, by name. */
  workers = new Map();
  /** Dispatch namespaces: name → id, creation and Workers. */
  namespaces = new Map();
  queues = [];
  /** Custom domains. */
  domains = [];
  /** Their certificates, which stay when a domain goes (https://developers.cloudflare.com/workers/configuration/routing/custom-domains/#certificates). */
  certificates = [];
  /** text → who has it and what it may; nothing of the text is ever told */
  #tokens = new Map();
  #asked = new Map();
  /**
   * Those of a paid plan (https://developers.cloudflare.com/workers/platform/limits/): Workers, bytes of one after gzip, its variables and bytes of
   * one of them, host names of customers in a zone, requests in so many seconds.
   */
  limits = { scripts: 500, bytes: 10 << 20, variables: 128, variable_bytes: 5 << 10, hostnames: 50_000, requests: 1200, seconds: 300 };

  /**
   * @param {{id: string, name?: string, subdomain?: string, zones?: {name: string, id?: string}[], random?: () => number}} options
   *   `random` says which version a visitor of a gradual deployment gets
   */
  constructor({ id, name = "Operator", subdomain = "operator", zones = [], random = Math.random }) {
    Object.assign(this, { id, name, subdomain, random });
    this.zones = zones.map((zone) => new Zone(zone));
  }

  /**
   * Makes a token good, or other than it was.
   * @param {{token: string, name?: string, permissions?: "*" | string[], status?: string, zones?: string[]}} options
   *   `permissions` as the dashboard has them, `Workers Scripts: Edit`; `zones` by name, all of them without
   */
  setToken({ token, name = `token ${this.#tokens.size + 1}`, permissions = "*", status = "active", zones }) {
    this.#tokens.set(token, { id: id32(), name, permissions, status, zones });
  }

  token(text) {
    return this.#tokens.get(text);
  }

  /** Counts a request. For how many seconds there may be none, when there were too many. */
  counted(token, at = Date.now()) {
    const { requests, seconds } = this.limits;
    const recent = (this.#asked.get(token.id) ?? []).filter((one) => one > at - seconds * 1000);
    this.#asked.set(token.id, recent);
    if (recent.length >= requests) return Math.max(1, Math.ceil((recent[0] + seconds * 1000 - at) / 1000));
    recent.push(at);
    return 0;
  }

  /** The Workers that are at a place. */
  at(namespace) {
    return namespace === undefined ? this.workers : this.namespace(namespace).workers;
  }

  worker(name, namespace) {
    const found = this.at(namespace).get(name);
    if (!found) throw namespace === undefined ? refusals.noScript() : refusals.noNamespaceScript();
    return found;
  }

  /** A Worker, or a new one that is not in the account yet. */
  workerOrNew(name, namespace) {
    const place = this.at(namespace);
    if (place.has(name)) return place.get(name);
    if (!WORKER.test(name)) throw new Refusal(400, 10016, "The name of a Worker has letters, digits, dashes and underscores, 63 at most.");
    // Those of a dispatch namespace are not counted.
    if (namespace === undefined && place.size >= this.limits.scripts) throw refusals.tooManyScripts(this.limits.scripts);
    return new Worker(name, namespace);
  }

  checkSize(modules) {
    if (weight(modules) > this.limits.bytes) throw refusals.tooLarge(this.limits.bytes);
  }

  zone(id) {
    const found = this.zones.find((zone) => zone.id === id);
    if (!found) throw refusals.unauthorized();
    return found;
  }

  /** The zone of a host. */
  zoneOf(host) {
    return this.zones.filter((zone) => zone.holds(host)).sort((a, b) => b.name.length - a.name.length)[0];
  }

  namespace(name) {
    const found = this.namespaces.get(name);
    if (!found) throw new Refusal(404, 100119, `There is no dispatch namespace ${name}.`);
    return found;
  }

  createNamespace(name) {
    if (typeof name !== "string" || !NAMESPACE.test(name)) throw new Refusal(400, 100117, "The name of the dispatch namespace is not valid.");
    if (this.namespaces.has(name)) throw new Refusal(409, 100118, "A dispatch namespace of this name exists.");
    const made = { namespace_id: id32(), name, created: now(), workers: new Map() };
    this.namespaces.set(name, made);
    return made;
  }

  createQueue({ queue_name, settings = {} }) {
    if (typeof queue_name !== "string" || !/^[a-z0-9-]{1,63}$/.test(queue_name)) throw new Refusal(400, 11003, "The name of the queue is not valid.");
    if (this.queues.some((queue) => queue.queue_name === queue_name)) throw new Refusal(409, 11009, `Queue name '${queue_name}' is already taken.`);
    const queue = { queue_id: id32(), queue_name, created_on: now(), modified_on: now(), settings, consumers: [], messages: 0 };
    this.queues.push(queue);
    return queue;
  }

  queue(id) {
    const found = this.queues.find((queue) => queue.queue_id === id);
    if (!found) throw new Refusal(404, 11000, "Queue not found.");
    return found;
  }

  /** Leads a host name to a Worker. A name that leads to another one already is refused, unless that may be overridden, and so is one with a record. */
  setDomain({ hostname, service, zone_id, zone_name, environment = "production", enabled = true, previews_enabled = false }, { overrides = true, overridesRecord = false } = {}) {
    const zone = this.zones.find(({ id, name }) => id === zone_id || name === zone_name) ?? this.zoneOf(hostname ?? "");
    if (!zone || !zone.holds(hostname)) throw new Refusal(400, 100114, `No zone of this account holds the host name ${hostname}.`);
    if (!this.workers.has(service)) throw refusals.noScript();
    let domain = this.domains.find((one) => one.hostname === hostname);
    if (domain && domain.service !== service && !overrides) throw new Refusal(409, 100116, `The host name ${hostname} leads to another Worker.`);
    const isLed = ({ name, type }) => name === hostname && ["A", "AAAA", "CNAME"].includes(type);
    if (!domain && !overridesRecord && zone.records.some(isLed)) throw refusals.hasRecords(hostname);
    if (!domain) {
      zone.records = zone.records.filter((record) => !isLed(record));
      domain = { id: id32(), hostname, cert_id: id32() };
      this.domains.push(domain);
      this.certificates.push({ id: domain.cert_id, zone_id: zone.id, type: "advanced", hosts: [hostname], status: "active" });
    }
    return Object.assign(domain, { zone_id: zone.id, zone_name: zone.name, service, environment, enabled, previews_enabled });
  }

  domain(id) {
    const found = this.domains.find((one) => one.id === id);
    if (!found) throw new Refusal(404, 100115, "There is no such custom domain.");
    return found;
  }

  /** What needs a Worker: others that call it, and queues that it consumes. */
  usersOf(name) {
    const callers = [...this.workers.values()].filter((worker) => worker.name !== name && worker.latest.bindings.some(({ type, service }) => type === "service" && service === name));
    const queues = this.queues.filter(({ consumers }) => consumers.some(({ script }) => script === name));
    return { callers: callers.map((worker) => worker.name), queues: queues.map(({ queue_name }) => queue_name) };
  }

  /** Takes a Worker away. What leads to it stays: whoever made that takes it away. */
  removeWorker(name, { namespace, force = true } = {}) {
    const worker = this.worker(name, namespace);
    const { callers, queues } = this.usersOf(name);
    if (namespace === undefined && !force && callers.length + queues.length > 0) throw refusals.inUse([...callers, ...queues]);
    this.at(namespace).delete(name);
    return worker;
  }

  /** What leads to Workers that are not there. */
  #orphans() {
    const gone = (name) => name !== undefined && !this.workers.has(name);
    return {
      routes: this.zones.flatMap(({ routes }) => routes.filter(({ script }) => gone(script)).map(({ pattern }) => pattern)),
      domains: this.domains.filter(({ service }) => gone(service)).map(({ hostname }) => hostname),
      certificates: this.certificates.filter(({ id }) => !this.domains.some(({ cert_id }) => cert_id === id)).flatMap(({ hosts }) => hosts),
      consumers: this.queues.flatMap(({ queue_name, consumers }) => consumers.filter(({ script }) => gone(script)).map(() => queue_name)),
      aliases: this.zones.flatMap(({ records }) => records)
        .filter(({ type, content }) => type === "CNAME" && content.endsWith(`.${this.subdomain}.workers.dev`) && gone(content.split(".")[0]))
        .map(({ name }) => name),
    };
  }

  /** Everything there is, for whoever looks whether something was left behind. */
  seen() {
    const workers = (map) => Object.fromEntries([...map].map(([name, worker]) => [name, worker.seen()]));
    return {
      scripts: workers(this.workers),
      namespaces: Object.fromEntries([...this.namespaces].map(([name, one]) => [name, workers(one.workers)])),
      buckets: this.buckets.seen(),
      zones: this.zones.map((zone) => zone.seen()),
      domains: this.domains.map(({ hostname, service }) => ({ hostname, service })),
      queues: this.queues.map(({ queue_name, consumers, messages }) => ({ queue_name, messages, consumers: consumers.map(({ script }) => script) })),
      purged_everything: this.zones.some(({ purged }) => purged.some(({ everything }) => everything)),
      tokens: [...this.#tokens.values()].map(({ name, permissions, status }) => ({ name, permissions, status })),
      orphans: this.#orphans(),
    };
  }
}
