// The JavaScript around the wasm: entry points, Durable Object classes, recovery from a Rust panic.
// A panic leaves the wasm instance unusable (WebAssembly.RuntimeError); the next call gets a fresh one,
// and every object is made anew from its storage.
import { WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "./index.js";

Error.stackTraceLimit = 100;
// Set by the `worker` crate: its panic hook marks the instance as broken.
const instance = wasm.__worker_init_state();

function refresh() {
  if (!instance.criticalError) return;
  console.error("wasm instance replaced after a panic");
  wasm.__wbg_reset_state();
  instance.criticalError = false;
  instance.instanceId++;
}

function note(error) {
  if (error instanceof WebAssembly.RuntimeError) instance.criticalError = true;
}

addEventListener("error", (event) => note(event.error));
addEventListener("unhandledrejection", (event) => note(event.reason));

async function call(name, ...args) {
  refresh();
  try {
    return await wasm[name](...args);
  } catch (error) {
    note(error);
    throw error;
  }
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    return call("fetch", request, this.env, this.ctx);
  }

  queue(batch) {
    return call("queue", batch, this.env, this.ctx);
  }
}

// The ASSETS binding of an app's Worker: `ctx.props` say whose artifact set it may read.
export class AppAssets extends WorkerEntrypoint {
  fetch(request) {
    return call("app_assets", request, this.env, this.ctx);
  }
}

function durableObject(name) {
  const methods = ["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"];
  class DurableObject {
    #state;
    #env;
    #object;
    #instanceId;

    constructor(state, env) {
      this.#state = state;
      this.#env = env;
      this.#current();
    }

    #current() {
      refresh();
      if (this.#object === undefined || this.#instanceId !== instance.instanceId) {
        this.#object = new wasm[name](this.#state, this.#env);
        this.#instanceId = instance.instanceId;
      }
      return this.#object;
    }

    async run(method, args) {
      try {
        return await this.#current()[method](...args);
      } catch (error) {
        note(error);
        throw error;
      }
    }
  }
  // workerd asks which handlers a class has, so only those that exist in Rust are there.
  for (const method of methods) {
    if (method in (wasm[name]?.prototype ?? {})) {
      DurableObject.prototype[method] = function (...args) {
        return this.run(method, args);
      };
    }
  }
  return DurableObject;
}

export const Conversation = durableObject("Conversation");
export const Workspace = durableObject("Workspace");
export const BuildCache = durableObject("BuildCache");
export const BuilderContainer = durableObject("BuilderContainer");
