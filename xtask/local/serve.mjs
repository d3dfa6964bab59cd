// Runs the Worker in workerd. Bindings come from wrangler.toml, or what stands for it; what differs from machine to machine
// (port, folders, variables, secrets) comes as one JSON object on standard input, so that no secret is
// in an argument or an environment. Ends when workerd ends: whoever started this starts it again.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { parse } from "smol-toml";

const root = path.resolve(import.meta.dirname, "../..");

// Sections that say something about a Cloudflare account and nothing about one machine.
const ELSEWHERE = new Set([
  "$schema", "account_id", "build", "dev", "keep_vars", "limits", "logpush", "no_bundle", "observability", "placement",
  "preview_urls", "route", "routes", "rules", "send_metrics", "tail_consumers", "triggers", "upload_source_maps", "workers_dev",
]);

class ConfigurationError extends Error {}

/** What wrangler.toml declares, as options of one Miniflare worker. An unknown section is an error. */
export function workerOptions(config) {
  const options = {};
  const classes = new Set((config.migrations ?? []).flatMap((step) => step.new_sqlite_classes ?? []));
  const sections = {
    name: (name) => { options.name = name; },
    main: (main) => {
      const entry = path.join(root, main);
      options.modulesRoot = path.dirname(entry);
      options.modules = [
        { type: "ESModule", path: entry },
        ...["index_bg.wasm", "syntax.wasm"].map((name) => ({ type: "CompiledWasm", path: path.join(path.dirname(entry), name) })),
      ];
    },
    compatibility_date: (date) => { options.compatibilityDate = date; },
    compatibility_flags: (flags) => { options.compatibilityFlags = flags; },
    vars: (vars) => { options.bindings = vars; },
    migrations: () => {},
    durable_objects: ({ bindings }) => {
      options.durableObjects = Object.fromEntries(
        bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: classes.has(class_name) }]),
      );
    },
    r2_buckets: (buckets) => {
      options.r2Buckets = Object.fromEntries(buckets.map(({ binding, bucket_name }) => [binding, bucket_name]));
    },
    queues: ({ producers = [], consumers = [] }) => {
      options.queueProducers = Object.fromEntries(
        producers.map(({ binding, queue, delivery_delay }) => [binding, { queueName: queue, deliveryDelay: delivery_delay }]),
      );
      options.queueConsumers = Object.fromEntries(
        consumers.map((consumer) => [consumer.queue, {
          // Locally one batch is worked off at a time, and its messages side by side: what may be worked on at once comes in one.
          maxBatchSize: Math.max(consumer.max_batch_size, consumer.max_concurrency ?? 1),
          maxBatchTimeout: consumer.max_batch_timeout,
          maxRetries: consumer.max_retries,
          retryDelay: consumer.retry_delay,
          deadLetterQueue: consumer.dead_letter_queue,
        }]),
      );
    },
    // A folder, as workerd serves one: it answers the same GET requests as the platform's assets do.
    assets: ({ directory, binding }) => {
      options.serviceBindings = { ...options.serviceBindings, [binding]: { disk: { path: path.join(root, directory), writable: false } } };
    },
    worker_loaders: (loaders) => {
      options.workerLoaders = Object.fromEntries(loaders.map(({ binding }) => [binding, {}]));
    },
  };
  for (const [section, value] of Object.entries(config)) {
    if (sections[section]) sections[section](value);
    else if (!ELSEWHERE.has(section)) {
      throw new ConfigurationError(`wrangler.toml: \`${section}\` has no local counterpart in xtask/local/serve.mjs: add one`);
    }
  }
  return options;
}

/** Ends this process when workerd ends; Miniflare itself would answer errors for ever. */
function followWorkerd(pidFile) {
  const pid = Number(fs.readFileSync(pidFile, "utf8"));
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      console.error(`workerd (process ${pid}) ended`);
      process.exit(1);
    }
  }, 50);
}

async function serve({ host, port, configuration, state, vars, pidFile }) {
  process.env.OVERSKILL_WORKERD = createRequire(import.meta.url)("workerd").default;
  fs.rmSync(pidFile, { force: true });
  const options = workerOptions(parse(fs.readFileSync(configuration, "utf8")));
  options.bindings = { ...options.bindings, ...vars };
  const { CLOUDFLARE_NAMESPACE: namespace, CLOUDFLARE_EDGE_URL: edge } = options.bindings;
  // Where the account is a double, so are its namespaces: Miniflare asks them as it asks remote ones.
  if (namespace && edge) {
    options.dispatchNamespaces = { DISPATCHER: { namespace, remoteProxyConnectionString: new URL(`${edge}/${encodeURIComponent(namespace)}`) } };
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host,
    port,
    log: new Log(LogLevel.INFO),
    logRequests: false,
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: state,
    workers: [options],
  }));
  const stop = async () => {
    // Disposal waits for open streams; a client that never leaves must not keep the stack alive.
    setTimeout(() => process.exit(0), 3000).unref();
    await miniflare.dispose().catch(() => {});
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const url = await miniflare.ready;
  followWorkerd(pidFile);
  console.log(`workerd listens on ${url}`);
}

try {
  await serve(JSON.parse(fs.readFileSync(0, "utf8")));
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
}
