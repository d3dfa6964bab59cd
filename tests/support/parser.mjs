// The shim of the parser alone, in workerd, around whatever module is asked for.
import fs from "node:fs";
import path from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";

const root = path.resolve(import.meta.dirname, "../..");

/** The parser's module as it was built. */
export function builtModule() {
  return fs.readFileSync(path.join(root, "build/syntax.wasm"));
}

// Counts what only shows from outside the shim: instances, memories and their size, and errors that went past it.
const WATCH = `
export const seen = { instances: 0, memories: 0, escaped: 0 };
let memory;
const { Instance, Memory } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    seen.instances++;
  }
};
WebAssembly.Memory = class extends Memory {
  constructor(pages) {
    super(pages);
    seen.memories++;
    memory = this;
  }
};
export const bytes = () => memory?.buffer.byteLength ?? 0;
addEventListener("error", () => { seen.escaped++; });
addEventListener("unhandledrejection", () => { seen.escaped++; });
`;

const MAIN = `
import { bytes, seen } from "./watch.js";
import { facts } from "./syntax.js";
const encoder = new TextEncoder();
export default {
  async fetch(request) {
    const url = new URL(request.url);
    const path = encoder.encode(url.searchParams.get("path"));
    const content = new Uint8Array(await request.arrayBuffer());
    let answer;
    for (let left = Number(url.searchParams.get("times")); left > 0; left--) answer = facts(path, content);
    const json = answer === undefined ? null : new TextDecoder("utf-8", { fatal: true }).decode(answer);
    return Response.json({ json, bytes: bytes(), ...seen });
  },
};
`;

/** Runs the shim around a module. */
export class ParserHost {
  #miniflare;

  static async start(module = builtModule()) {
    const miniflare = new Miniflare(convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      compatibilityDate: "2026-07-01",
      modulesRoot: "/",
      modules: [
        { type: "ESModule", path: "/main.js", contents: MAIN },
        { type: "ESModule", path: "/watch.js", contents: WATCH },
        { type: "ESModule", path: "/syntax.js", contents: fs.readFileSync(path.join(root, "src/edge/syntax.js"), "utf8") },
        { type: "CompiledWasm", path: "/syntax.wasm", contents: module },
      ],
    }));
    await miniflare.ready;
    return new ParserHost(miniflare);
  }

  constructor(miniflare) {
    this.#miniflare = miniflare;
  }

  /**
   * Has a file read, so many times in one event.
   * @returns {Promise<{json: string | null, instances: number, memories: number, bytes: number, escaped: number, took: number}>}
   *   what the last time gave; instances and memories made, and errors that went past the shim, since the start; bytes of the last
   *   memory; milliseconds, from outside: the clock in workerd stands still while code runs
   */
  async read(file, content, times = 1) {
    const begin = performance.now();
    const url = `http://parser/?path=${encodeURIComponent(file)}&times=${times}`;
    const answer = await this.#miniflare.dispatchFetch(url, { method: "POST", body: content });
    const seen = await answer.json();
    const took = performance.now() - begin;
    return { ...seen, took };
  }

  /** What is said of a file, as a value; null when the parser was taken down. */
  async facts(file, content) {
    return JSON.parse((await this.read(file, content)).json);
  }

  /** Bytes that workerd has in memory, of all this process started. */
  resident() {
    const own = fs.readdirSync("/proc").filter((id) => /^\d+$/.test(id)).map((id) => {
      try {
        return fs.readFileSync(`/proc/${id}/status`, "utf8");
      } catch {
        return ""; // It has ended since.
      }
    }).filter((status) => status.startsWith("Name:\tworkerd\n") && status.includes(`\nPPid:\t${process.pid}\n`));
    return 1024 * own.reduce((sum, status) => sum + Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]), 0);
  }

  async stop() {
    await this.#miniflare.dispose();
  }
}
