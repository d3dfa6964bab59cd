// A Worker of the account, as values: its versions, which of them are live, its secrets. Knows nothing of HTTP and runs nothing.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

import { Refusal, refusals } from "./answer.mjs";

/** An id as Cloudflare makes them. */
export const id32 = () => randomBytes(16).toString("hex");
export const now = () => new Date().toISOString();

const SECRETS = new Set(["secret_text", "secret_key"]);
const VARIABLES = new Set(["plain_text", "json", "secret_text"]);
/** How many deployments are told of. */
const MOST_TOLD = 10;
/** How many versions of a Worker are kept, and can be deployed. */
const MOST_VERSIONS = 100;

/** A binding as it is told: a secret without its text. */
export function told(binding) {
  if (!SECRETS.has(binding.type)) return binding;
  return { name: binding.name, type: binding.type };
}

/** How large the modules are for the platform: after gzip. */
export function weight(modules) {
  return gzipSync(Buffer.concat(modules.map(({ bytes }) => bytes)), { level: 6 }).length;
}

/** One version, which never changes. */
export class Version {
  id = randomUUID();
  created = now();

  constructor(content) {
    Object.assign(this, content);
    const hash = createHash("sha256");
    for (const { name, bytes } of this.modules) hash.update(name).update(bytes);
    this.etag = hash.digest("hex");
  }

  get secrets() {
    return this.bindings.filter(({ type }) => SECRETS.has(type));
  }

  metadata() {
    return {
      author_email: "operator@example.com", author_id: "operator", created_on: this.created, modified_on: this.created, source: this.source,
      hasPreview: this.has_preview, has_preview: this.has_preview,
    };
  }

  summary() {
    return { id: this.id, number: this.number, metadata: this.metadata(), annotations: this.annotations };
  }

  whole() {
    const { etag, handlers, source, compatibility_date, compatibility_flags, usage_model, migration_tag } = this;
    return {
      ...this.summary(),
      resources: {
        bindings: this.bindings.map(told),
        script: { etag, handlers, last_deployed_from: source, named_handlers: [] },
        script_runtime: { compatibility_date, compatibility_flags, usage_model, ...(migration_tag && { migration_tag }) },
      },
    };
  }
}

export class Worker {
  tag = id32();
  created = now();
  modified = this.created;
  /** The oldest first. */
  versions = [];
  /** The newest first. */
  deployments = [];
  /** How many versions there have been. */
  count = 0;
  subdomain = { enabled: false, previews_enabled: false };
  schedules = [];
  settings = { logpush: false, tail_consumers: [], tags: [], observability: { enabled: false } };
  migration_tag = undefined;

  /** @param {string | undefined} namespace the dispatch namespace that it is in */
  constructor(name, namespace) {
    Object.assign(this, { name, namespace });
  }

  get latest() {
    return this.versions.at(-1);
  }

  /** What is live: version id and percentage. */
  get live() {
    return this.deployments[0]?.versions ?? [];
  }

  version(id) {
    return this.versions.find((one) => one.id === id);
  }

  /** The content of a version as it would be of this upload; nothing is changed yet. */
  planned({ metadata, modules, assets, source, strict }) {
    const before = this.latest;
    const bindings = (metadata.bindings ?? []).flatMap((binding) => {
      if (binding.type !== "inherit") return [binding];
      const from = versionOf(this, binding) ?? before;
      const earlier = from?.bindings.find(({ name }) => name === (binding.old_name ?? binding.name));
      if (earlier) return [{ ...earlier, name: binding.name }];
      if (!strict) return [];
      throw new Refusal(400, 10057, `Binding '${binding.name}' can't be inherited: the Worker has none of this name.`);
    });
    const kept = new Set(metadata.keep_bindings ?? []);
    const named = new Set(bindings.map(({ name }) => name));
    bindings.push(...(before?.bindings ?? []).filter(({ name, type }) => kept.has(type) && !named.has(name)));
    return {
      main: metadata.main_module ?? metadata.body_part, modules, bindings, source,
      is_module: metadata.main_module !== undefined,
      assets: metadata.keep_assets && !assets ? before?.assets : assets,
      compatibility_date: metadata.compatibility_date ?? "2021-11-02",
      compatibility_flags: metadata.compatibility_flags ?? [],
      usage_model: metadata.usage_model ?? "standard",
      migration_tag: metadata.migrations?.new_tag ?? this.migration_tag,
      migrations: [...(before?.migrations ?? []), ...steps(metadata.migrations)],
      annotations: { "workers/triggered_by": "upload", ...metadata.annotations },
      handlers: ["fetch"],
      has_preview: this.namespace === undefined,
    };
  }

  /** The classes of Durable Objects that migrations have made. */
  get classes() {
    return classesOf(this.latest?.migrations ?? []);
  }

  /** Refuses migrations that do not follow what there is. */
  checkMigrations(migrations) {
    if (!migrations) return;
    const [claimed, carried] = [migrations.old_tag ?? "", this.migration_tag ?? ""];
    if (claimed !== carried) throw refusals.migrationTag(claimed, carried);
    const known = this.classes;
    for (const { new_classes = [], new_sqlite_classes = [] } of steps(migrations)) {
      const again = [...new_classes, ...new_sqlite_classes].find((name) => known.has(name));
      if (again) throw refusals.sameClass(again);
    }
  }

  /** Adds a version. */
  add(version) {
    this.count += 1;
    version.number = this.count;
    this.versions.push(version);
    if (this.versions.length > MOST_VERSIONS) {
      const live = new Set(this.live.map(({ version_id }) => version_id));
      this.versions.splice(this.versions.findIndex(({ id }) => !live.has(id)), 1);
    }
    this.modified = version.created;
    this.migration_tag = version.migration_tag;
    return version;
  }

  /** Makes versions live, each for a percentage of the requests. */
  deploy(versions, { source, annotations = {}, strategy = "percentage" }) {
    if (strategy !== "percentage" || !Array.isArray(versions) || versions.length < 1 || versions.length > 2) {
      throw new Refusal(400, 10144, "A deployment has one or two versions, by percentage.");
    }
    if (versions.reduce((sum, { percentage }) => sum + percentage, 0) !== 100 || versions.some(({ percentage }) => !(percentage >= 0))) {
      throw new Refusal(400, 10145, "The percentages of a deployment must add up to 100.");
    }
    if (new Set(versions.map(({ version_id }) => version_id)).size !== versions.length) {
      throw new Refusal(400, 10146, "A deployment has each version once.");
    }
    for (const { version_id } of versions) {
      if (!this.version(version_id)) throw new Refusal(404, 10141, `There is no version ${version_id} of this Worker.`);
    }
    const deployment = {
      id: randomUUID(), source, strategy, author_email: "operator@example.com", created_on: now(),
      annotations: { "workers/triggered_by": "deployment", ...annotations },
      versions: versions.map(({ version_id, percentage }) => ({ version_id, percentage })),
    };
    this.deployments.unshift(deployment);
    this.modified = deployment.created_on;
    return deployment;
  }

  told() {
    return this.deployments.slice(0, MOST_TOLD);
  }

  /** Adds the latest version with other secrets. `changes` has a binding, or null for what is to go, by name. */
  amend(changes, source, annotations) {
    const { id, number, created, etag, ...latest } = this.latest;
    const names = new Set(Object.keys(changes));
    const bindings = latest.bindings.filter(({ name }) => !names.has(name)).concat(Object.values(changes).filter(Boolean));
    return this.add(new Version({ ...latest, bindings, source, annotations: { "workers/triggered_by": "secret", ...annotations } }));
  }

  /** Changes secrets at once: what is live must be the latest version. */
  change(changes, source) {
    const isLive = this.live.some(({ version_id, percentage }) => version_id === this.latest.id && percentage === 100);
    if (!isLive) {
      throw new Refusal(400, 10215, "The latest version of this Worker isn't fully deployed: deploy it before its secrets are changed.");
    }
    const { id, annotations } = this.amend(changes, source);
    this.deploy([{ version_id: id, percentage: 100 }], { source, annotations });
  }

  secret(name) {
    return this.latest?.secrets.find((one) => one.name === name);
  }

  /** As the answers to uploads and lists have it. */
  script() {
    const { latest } = this;
    return {
      id: this.name, tag: this.tag, etag: latest?.etag, handlers: latest?.handlers ?? [], named_handlers: [], has_modules: latest?.is_module ?? true,
      has_assets: latest?.assets !== undefined, created_on: this.created, modified_on: this.modified, usage_model: latest?.usage_model,
      compatibility_date: latest?.compatibility_date, compatibility_flags: latest?.compatibility_flags, last_deployed_from: latest?.source,
      migration_tag: this.migration_tag, ...this.settings,
    };
  }

  /** How it is set up. */
  setup() {
    const { latest } = this;
    return {
      bindings: (latest?.bindings ?? []).map(told), compatibility_date: latest?.compatibility_date, compatibility_flags: latest?.compatibility_flags,
      usage_model: latest?.usage_model, migration_tag: this.migration_tag, placement: {}, ...this.settings,
    };
  }

  /** For whoever looks whether something was left behind. Secrets by name. */
  seen() {
    return {
      versions: this.versions.map(({ id, number, source, annotations }) => ({ id, number, source, annotations })),
      deployments: this.deployments.map(({ id, versions, annotations }) => ({ id, versions, annotations })),
      secrets: (this.latest?.secrets ?? []).map(({ name }) => name),
      bindings: (this.latest?.bindings ?? []).map(told),
      assets: [...(this.latest?.assets?.files.keys() ?? [])],
      migration_tag: this.migration_tag, classes: [...this.classes].sort(),
      subdomain: this.subdomain, schedules: this.schedules.map(({ cron }) => cron), tags: this.settings.tags,
    };
  }
}

function versionOf(worker, { version_id }) {
  return version_id && version_id !== "latest" ? worker.version(version_id) : undefined;
}

/** The classes that are there after these steps. */
function classesOf(all) {
  const classes = new Set();
  for (const { new_classes = [], new_sqlite_classes = [], renamed_classes = [], deleted_classes = [], transferred_classes = [] } of all) {
    [...new_classes, ...new_sqlite_classes, ...transferred_classes.map(({ to }) => to)].forEach((name) => classes.add(name));
    for (const { from, to } of renamed_classes) if (classes.delete(from)) classes.add(to);
    deleted_classes.forEach((name) => classes.delete(name));
  }
  return classes;
}

function steps(migrations) {
  if (!migrations) return [];
  return migrations.steps ?? [migrations];
}

/** Refuses variables that are too many or too large. */
export function checkVariables({ variables, variable_bytes }, bindings) {
  const texts = bindings.filter(({ type }) => VARIABLES.has(type));
  if (texts.length > variables) throw new Refusal(400, 10055, `A Worker has at most ${variables} variables and secrets.`);
  const large = texts.find(({ text, json }) => Buffer.byteLength(text ?? JSON.stringify(json) ?? "") > variable_bytes);
  if (large) throw new Refusal(400, 10054, `The variable '${large.name}' is larger than ${variable_bytes} bytes.`);
}

/** Refuses a binding to what is not there. */
export function checkBindings(account, worker, { bindings, migrations }) {
  checkVariables(account.limits, bindings);
  const classes = classesOf(migrations);
  for (const binding of bindings) {
    if (!binding.name) throw new Refusal(400, 10052, "A binding has a name.");
    if (binding.type === "r2_bucket" && !account.buckets.has(binding.bucket_name)) {
      throw new Refusal(400, 10085, `R2 bucket '${binding.bucket_name}' not found. Please use a different name and try again.`);
    }
    if (binding.type === "queue" && !account.queues.some(({ queue_name }) => queue_name === binding.queue_name)) {
      throw new Refusal(400, 10183, `Queue '${binding.queue_name}' does not exist.`);
    }
    if (binding.type === "durable_object_namespace" && (binding.script_name ?? worker.name) === worker.name && !classes.has(binding.class_name)) {
      throw new Refusal(400, 10061, `Cannot create binding for class '${binding.class_name}' because it is not currently configured to implement durable objects.`);
    }
    if (binding.type === "service" && binding.service !== worker.name && !account.workers.has(binding.service)) {
      throw new Refusal(400, 10143, `Could not resolve service binding '${binding.name}'. Target script '${binding.service}' not found.`);
    }
    if (binding.type === "secret_text" && typeof binding.text !== "string") throw refusals.malformed("a secret without its text");
  }
}
