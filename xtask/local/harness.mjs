// Whole stacks for specs: `cargo xtask dev` with what was built before, a state folder and a port of its own.
// A stack ends with the process that started it, however that ends.
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const root = path.resolve(import.meta.dirname, "../..");

function program() {
  if (process.env.OVERSKILL_XTASK) return process.env.OVERSKILL_XTASK;
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  const built = path.join(target, "debug/xtask");
  if (!fs.existsSync(built)) throw new Error(`${built} is missing: run \`cargo xtask doctor\` once, or set OVERSKILL_XTASK`);
  return built;
}

/** One HTTP exchange with the stack on `port`; `host` is the Host header, so `preview-<app>.localhost` needs no resolver. */
export function request(port, host, target, { method = "GET", headers = {}, body, signal } = {}) {
  return new Promise((resolve, reject) => {
    const call = http.request(
      { host: "127.0.0.1", port, path: target, method, signal, headers: { ...headers, host }, agent: false },
      (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            bytes,
            text: bytes.toString("utf8"),
            json: () => JSON.parse(bytes.toString("utf8")),
          });
        });
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

class Stack {
  #process;
  #exit;
  #temporary;
  #options;

  constructor(options) {
    this.#options = options;
    this.#temporary = options.state === undefined;
    this.state = options.state ?? fs.mkdtempSync(path.join(os.tmpdir(), "overskill-stack-"));
    // A PostgreSQL server that root starts runs as somebody else.
    fs.chmodSync(this.state, 0o711);
    this.port = options.port ?? 0;
  }

  /** Starts it. A port that somebody else takes in the moment between its choice and its use is chosen anew, twice. */
  async start() {
    const isNew = this.record() === undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#started();
      } catch (error) {
        if (!isNew || attempt === 3 || !/Address already in use|EADDRINUSE|is in use/.test(error.message)) throw error;
        for (const name of fs.readdirSync(this.state)) if (/-port$|^dev\.log$/.test(name)) fs.rmSync(path.join(this.state, name));
      }
    }
  }

  async #started() {
    const log = fs.openSync(path.join(this.state, "dev.log"), "a");
    this.#process = spawn(program(), ["dev", "--no-build", "--state", this.state, "--port", String(this.port)], {
      cwd: root,
      env: { OVERSKILL_DATA_OPENS: "when-asked", ...process.env, ...this.#options.env, OVERSKILL_FOLLOW_PARENT: "1" },
      stdio: ["ignore", log, log],
    });
    fs.closeSync(log);
    this.#exit = new Promise((resolve) => this.#process.once("exit", (code, signal) => resolve({ code, signal })));
    const deadline = Date.now() + (this.#options.timeoutMs ?? 60_000);
    for (;;) {
      const record = this.record();
      if (record?.pid === this.#process.pid && record.ready) {
        this.port = record.port;
        break;
      }
      if (this.#process.exitCode !== null || this.#process.signalCode !== null || Date.now() > deadline) {
        await this.stop({ keep: true });
        throw new Error(`the stack did not start:\n${this.log("dev")}`);
      }
      await sleep(25);
    }
    this.origin = `http://localhost:${this.port}`;
    this.token = fs.readFileSync(path.join(this.state, "token"), "utf8").trim();
    return this;
  }

  /** `stack.json`, or undefined while there is none. */
  record() {
    try {
      return JSON.parse(fs.readFileSync(path.join(this.state, "stack.json"), "utf8"));
    } catch {
      return undefined;
    }
  }

  get dataPid() { return this.record()?.data_pid ?? undefined; }
  get builderPid() { return this.record()?.builder_pid ?? undefined; }
  get builderPort() { return this.record()?.builder_port; }
  get workerPid() { return this.record()?.worker_pid ?? undefined; }
  get workerdPid() { return this.record()?.workerd_pid ?? undefined; }

  /** The database of the stack: its address and its keys, as `cargo xtask` makes them. */
  shard() {
    const secret = fs.readFileSync(path.join(this.state, "data-secret"), "utf8").trim();
    const derived = (purpose) => createHash("sha256").update(`${purpose}:${secret}`).digest("hex");
    return {
      url: `http://127.0.0.1:${this.record().data_port}`,
      publishable_key: `sb_publishable_${derived("publishable")}`, secret_key: `sb_secret_${derived("secret")}`, jwt_secret: derived("jwt"),
    };
  }

  /** The text of a log: "dev", "worker", "builder" or "data". */
  log(name) {
    const file = name === "dev" ? path.join(this.state, "dev.log") : path.join(this.state, "logs", `${name}.log`);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  /** A request to the apex, or to `host` (`preview-<app>.localhost:<port>`). */
  request(target, { host = `localhost:${this.port}`, ...options } = {}) {
    return request(this.port, host, target, options);
  }

  /** A JSON call of the API with the development token. */
  async api(method, target, body, headers = {}) {
    const answer = await this.request(target, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { ...answer, body: answer.text && /json/.test(answer.headers["content-type"] ?? "") ? answer.json() : answer.text };
  }

  /** `kill -9` of workerd alone; its supervisor starts it again. */
  killWorker() {
    const pid = this.workerdPid;
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /** `kill -9` of the builder. */
  killBuilder() {
    const pid = this.builderPid;
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /** Waits until Worker and builder answer; after a kill, pass the killed process id as `not`. */
  async waitHealthy({ not, timeoutMs = 30_000 } = {}) {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const record = this.record();
      const pids = [record?.workerd_pid, record?.builder_pid, record?.worker_pid];
      if (!pids.includes(not) && !pids.includes(null) && (await this.#answers())) return;
      if (Date.now() > deadline) throw new Error(`the stack is not healthy after ${timeoutMs} ms:\n${this.log("dev")}`);
      await sleep(25);
    }
  }

  async #answers() {
    try {
      const signal = AbortSignal.timeout(2000);
      const [worker, builder] = await Promise.all([
        this.request("/healthz", { signal }),
        request(this.builderPort, `127.0.0.1:${this.builderPort}`, "/healthz", { signal }),
      ]);
      return worker.status === 200 && builder.status === 200;
    } catch {
      return false;
    }
  }

  /** Stops everything and, on the same state and port, starts it again. */
  async restart() {
    await this.stop({ keep: true });
    return this.start();
  }

  /** Stops everything. A state folder the harness made is removed unless `keep`. */
  async stop({ keep = false } = {}) {
    if (this.#process && this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill("SIGTERM");
    const exit = await this.#exit;
    if (this.#temporary && !keep) fs.rmSync(this.state, { recursive: true, force: true });
    return exit;
  }
}

/**
 * Starts a stack and waits until it answers.
 * @param {{state?: string, port?: number, env?: Record<string, string>, timeoutMs?: number}} [options]
 *   `state`: a folder to keep (default: a new one, removed by `stop()`); `port`: default any free one;
 *   `env`: environment of the stack, where `OVERSKILL_VAR_X` becomes the Worker's variable X.
 */
export function startStack(options = {}) {
  return new Stack(options).start();
}
