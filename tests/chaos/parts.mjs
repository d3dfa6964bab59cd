// What can be killed: workerd, the builder, and the model's double, each by `kill -9`, and each started again at once.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

import { request } from "../../xtask/local/harness.mjs";
import { freePort } from "../../xtask/local/ports.mjs";
import { KEYS } from "../support/model.mjs";
import { until } from "../support/wait.mjs";

const root = path.resolve(import.meta.dirname, "../..");

export const PARTS = ["workerd", "builder", "double"];

/** Whether a process runs; one that is dead and not buried does not. */
function isAlive(pid) {
  try {
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The model's double as a process of its own, always at the same address. */
export class Double {
  #process;
  #stopped = false;

  static async start() {
    const double = new Double();
    double.port = await freePort();
    await double.#spawn();
    return double;
  }

  /** What a stack is told to reach it; other models are nobody's. */
  get env() {
    const { ANTHROPIC_API_KEY } = KEYS;
    return {
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${this.port}`, ANTHROPIC_API_KEY, OPENAI_API_KEY: "", OVERSKILL_MODEL: "claude-sonnet-5",
    };
  }

  async #spawn() {
    const words = ["tests/support/model.mjs", "--port", String(this.port), "--script", "tests/chaos/script.mjs"];
    const child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    child.once("exit", () => {
      if (!this.#stopped) this.#spawn().catch((error) => console.error("the double was not started again:", error));
    });
    await readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  }

  get pid() { return this.#process.pid; }

  stop() {
    this.#stopped = true;
    this.#process.kill("SIGKILL");
  }
}

/** The parts of a stack with their processes. */
export class Parts {
  constructor(stack, double) {
    this.stack = stack;
    this.double = double;
  }

  /** The process of a part; nothing while it is away. */
  pid(part) {
    if (part === "double") return this.double.pid;
    if (part === "builder") return this.stack.builderPid;
    try {
      // Written by workerd itself before it answers; the record of the stack follows a moment later.
      return Number(fs.readFileSync(path.join(this.stack.state, "workerd.pid"), "utf8")) || undefined;
    } catch {
      return undefined;
    }
  }

  /** `kill -9` of a part, once it is there: the process, and when it was killed. */
  async kill(part) {
    const pid = await until(`the ${part} to be there`, () => {
      const found = this.pid(part);
      return found !== undefined && isAlive(found) && found;
    }, { everyMs: 5 });
    const at = performance.now();
    process.kill(pid, "SIGKILL");
    await until(`the ${part} to be gone`, () => this.pid(part) !== pid || !isAlive(pid), { everyMs: 1 });
    return { pid, at };
  }

  /** Waits until another process of the part than `pid` answers. */
  async back(part, pid) {
    const ports = { workerd: this.stack.port, builder: this.stack.builderPort, double: this.double.port };
    await until(`the ${part} to be back`, async () => {
      const now = this.pid(part);
      return now !== undefined && now !== pid && (await this.#answers(part, ports[part]));
    }, { everyMs: 5 });
  }

  async #answers(part, port) {
    const signal = AbortSignal.timeout(2_000);
    const answer = await request(port, `localhost:${this.stack.port}`, "/healthz", { signal }).catch(() => undefined);
    // The double knows no such path, and says so.
    return answer?.status === (part === "double" ? 404 : 200);
  }
}
