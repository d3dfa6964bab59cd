// Runs versions of Workers, each in a workerd of its own: one that is there goes on while another one starts.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Log, LogLevel, Miniflare, Response, convertV4MiniflareOptions } from "miniflare";

import { refusals } from "./answer.mjs";
import { startBinding } from "./binding.mjs";
import { DISPATCHED, NOT_FOUND, workerOptions } from "./options.mjs";

/** How many run at once; whoever was not asked for longest goes first. */
const MOST_RUNNING = 6;

/** What workerd says of a script that it cannot start. */
function reason(error) {
  const line = error.message.split("\n").find((one) => one.startsWith("{"));
  try {
    return JSON.parse(line).message.replace(/^service core:user:worker: /, "").replace(/\n\s*at core:user:\S*$/, "");
  } catch {
    return error.message.split("\n")[0];
  }
}

export class Runtime {
  #account;
  #binding;
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-cloudflare-"));
  /** version id → {started, worker, busy, used} */
  #running = new Map();

  static async start(account) {
    const runtime = new Runtime();
    runtime.#account = account;
    runtime.#binding = await startBinding(account.buckets);
    // Miniflare ends the process by itself when it is told to end.
    process.once("exit", runtime.#clear);
    return runtime;
  }

  #clear = () => fs.rmSync(this.#folder, { recursive: true, force: true });

  /** Sees that a version starts. @returns how long that took, in milliseconds */
  async check(worker, version) {
    const before = performance.now();
    try {
      await this.#of(worker, version).started;
    } catch (error) {
      throw refusals.noStart(reason(error));
    }
    return Math.round(performance.now() - before);
  }

  /** Does something with a version that runs: `work({port, miniflare})`. */
  async use(worker, version, work) {
    const running = this.#of(worker, version);
    running.busy += 1;
    try {
      return await work(await running.started);
    } finally {
      running.busy -= 1;
      running.used = performance.now();
    }
  }

  /** Ends all versions of a Worker. */
  forget(worker) {
    for (const [id, running] of this.#running) if (running.worker === worker) this.#end(id);
  }

  #of(worker, version) {
    const known = this.#running.get(version.id);
    if (known) return known;
    const running = { worker, busy: 0, used: performance.now(), started: this.#start(worker, version) };
    this.#running.set(version.id, running);
    running.started.catch(() => this.#running.delete(version.id));
    const idle = [...this.#running].filter(([id, one]) => id !== version.id && one.busy === 0).sort(([, a], [, b]) => a.used - b.used);
    for (const [id] of idle.slice(0, Math.max(0, this.#running.size - MOST_RUNNING))) this.#end(id);
    return running;
  }

  async #start(worker, version) {
    const miniflare = new Miniflare(convertV4MiniflareOptions({
      host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false }, log: new Log(LogLevel.NONE),
      // What a Worker logs may have its secrets in it.
      handleStructuredLogs() {},
      workers: [workerOptions(worker, version, {
        folder: this.#folder,
        buckets: this.#binding.address,
        service: (name, request) => this.#call(this.#account.workers.get(name), request),
        dispatch: (namespace, request) => this.#dispatch(namespace, request),
      })],
    }));
    try {
      return { miniflare, port: Number((await miniflare.ready).port) };
    } catch (error) {
      await miniflare.dispose().catch(() => {});
      throw error;
    }
  }

  async #dispatch(namespace, request) {
    const target = this.#account.namespaces.get(namespace)?.workers.get(request.headers.get(DISPATCHED));
    if (!target) return new Response(null, { status: 404, headers: { [NOT_FOUND]: "1" } });
    request.headers.delete(DISPATCHED);
    return this.#call(target, request);
  }

  /** Asks what is live of a Worker, for another one. */
  async #call(worker, request) {
    const version = worker?.version(worker.live[0]?.version_id);
    if (!version) return new Response("There is no such Worker.", { status: 503 });
    return this.use(worker, version, ({ miniflare }) => miniflare.dispatchFetch(request.url, request));
  }

  #end(id) {
    const running = this.#running.get(id);
    this.#running.delete(id);
    fs.rmSync(path.join(this.#folder, id), { recursive: true, force: true });
    return running.started.then(({ miniflare }) => miniflare.dispose()).catch(() => {});
  }

  async stop() {
    await Promise.all([...this.#running.keys()].map((id) => this.#end(id)));
    await this.#binding.stop();
    process.off("exit", this.#clear);
    this.#clear();
  }
}
