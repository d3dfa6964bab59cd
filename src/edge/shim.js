// The JavaScript around the wasm: entry points, Durable Object classes, recovery from a Rust panic.
// A panic leaves the wasm instance unusable (WebAssembly.RuntimeError); the next call gets a fresh one,
// and every object is made anew from its storage. Whatever else was under way in the broken one would never
// come to an end: it fails at once, so that alarms are run again and clients try again.
import { WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "./index.js";
import { forOwnData, isAllowed, isOwnData, refused } from "./outbound.js";
import { standingFor } from "./standing.js";

Error.stackTraceLimit = 100;
// Set by the `worker` crate: its panic hook marks the instance as broken.
const instance = wasm.__worker_init_state();

// What fails the calls that are under way.
const underWay = new Set();

function breakOff() {
  for (const fail of underWay) fail(new Error("what ran beside this has broken the wasm instance"));
  underWay.clear();
}

// A call into the instance: what comes of it, or its end with the instance.
function inside(work) {
  return new Promise((resolve, reject) => {
    underWay.add(reject);
    // A call that throws before it gives a promise is over as well.
    (async () => work())().then(resolve, reject).finally(() => underWay.delete(reject));
  });
}

function refresh() {
  if (!instance.criticalError) return;
  breakOff();
  console.error("wasm instance replaced after a panic");
  wasm.__wbg_reset_state();
  instance.criticalError = false;
  instance.instanceId++;
}

function note(error) {
  if (error instanceof WebAssembly.RuntimeError) instance.criticalError = true;
  if (instance.criticalError) breakOff();
}

addEventListener("error", (event) => note(event.error));
addEventListener("unhandledrejection", (event) => note(event.reason));

async function call(name, ...args) {
  refresh();
  try {
    return await inside(() => wasm[name](...args));
  } catch (error) {
    note(error);
    throw error;
  }
}

// What a Worker that stands for an address answers. Nothing where it fails or has nothing there: what is said then is decided.
async function standingAnswer({ name, isWatched, path }, request, env, ctx) {
  let answer;
  try {
    const worker = env.LOADER.get(name, () => call("app_code", name, env, ctx)).getEntrypoint();
    answer = await worker.fetch(request);
  } catch {
    // Whoever decides asks it again, and says and counts what comes of that.
    return undefined;
  }
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  if (isWatched) await call("app_answered", name, answer.status, path, env, ctx);
  return answer;
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const standing = standingFor(request);
    const answer = standing && (await standingAnswer(standing, request, this.env, this.ctx));
    return answer ?? call("fetch", request, this.env, this.ctx);
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

// Where the functions of an app send requests: `ctx.props` say which hosts they may ask. What is answered with a redirect
// comes back here when it is followed.
export class Outbound extends WorkerEntrypoint {
  fetch(request) {
    const { hosts, origin } = this.ctx.props;
    if (isOwnData(request.url, origin)) return this.ctx.exports.default.fetch(forOwnData(request));
    return isAllowed(request.url, hosts) ? fetch(new Request(request, { redirect: "manual" })) : refused(request.url);
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
        const object = this.#current();
        return await inside(() => object[method](...args));
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
export const Hostname = durableObject("Hostname");
export const Shards = durableObject("Shards");
export const BuilderContainer = durableObject("BuilderContainer");
