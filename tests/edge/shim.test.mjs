// The JavaScript around the wasm, with a stand-in for the wasm: what a broken instance leaves behind, and what is answered without it.
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { describe, test } from "node:test";

const module = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
const STAND_INS = {
  "cloudflare:workers": module("export class WorkerEntrypoint {}"),
  "./index.js": module(`
    export const state = { criticalError: false, instanceId: 0, resets: 0 };
    export const __worker_init_state = () => state;
    export const __wbg_reset_state = () => { state.resets += 1; };
    const never = () => new Promise(() => {});
    const trap = async () => { throw new WebAssembly.RuntimeError("unreachable"); };
    // The panic hook marks the instance before anything is thrown.
    const panic = async () => { state.criticalError = true; return never(); };
    class Object { constructor() { this.made = state.instanceId; } fetch(what) { return what === "trap" ? trap() : what === "panic" ? panic() : what === "never" ? never() : Promise.resolve(this.made); } alarm() { return never(); } }
    export { Object as Conversation, Object as Workspace, Object as BuildCache };
    export const fetch = (what) => (what === "never" ? never() : Promise.resolve("answered"));
  `),
  // Laid beside the shim when the Worker is built.
  "./outbound.js": new URL("../../src/publish/outbound.js", import.meta.url).href,
};
registerHooks({ resolve: (name, context, next) => (STAND_INS[name] ? { url: STAND_INS[name], shortCircuit: true } : next(name, context)) });
globalThis.addEventListener ??= () => {};
const { default: Worker, Conversation, Workspace } = await import("../../src/edge/shim.js");
const { state } = await import(STAND_INS["./index.js"]);
const { stand, dismiss } = await import("../../src/edge/standing.js");

describe("a wasm instance that breaks", () => {
  for (const how of ["trap", "panic"]) {
    test(`by a ${how} ends what is under way in it, and whoever comes next has another`, async () => {
      const [broken, other] = [new Conversation({}, {}), new Conversation({}, {})];
      const waiting = [other.alarm(), other.fetch("never"), new Workspace({}, {}).alarm(), new Worker().fetch("never")];
      const resets = state.resets;
      const breaking = broken.fetch(how);
      // A panic that throws nothing is noticed by whoever comes next.
      if (how === "panic") await other.fetch("is it there?");
      await assert.rejects(breaking);
      for (const one of waiting) await assert.rejects(one, /wasm instance/);
      assert.equal(await other.fetch("is it there?"), state.instanceId);
      assert.equal(await new Worker().fetch("hello"), "answered");
      assert.equal(state.resets, resets + 1);
    });
  }

  test("takes nothing along that was over before", async () => {
    const object = new Conversation({}, {});
    const made = await object.fetch("is it there?");
    await assert.rejects(object.fetch("trap"), WebAssembly.RuntimeError);
    assert.equal(await object.fetch("is it there?"), made + 1);
  });
});

describe("what stands for an address", () => {
  const URL_ = "https://app.example/page";
  const asked = [];
  const LOADER = { get: (name) => ({ getEntrypoint: () => ({ fetch: async ({ url }) => { asked.push([name, url]); return new Response("the app"); } }) }) };
  const visit = async (headers = {}, { url = URL_, method = "GET" } = {}) => {
    const worker = new Worker();
    worker.env = { LOADER };
    const answer = await worker.fetch(new Request(url, { headers, method }));
    return answer === "answered" ? "decided" : answer.text();
  };
  const soon = () => Date.now() + 60_000;
  // As browsers ask: the console's frame, and whoever loads the page again, with and without what was kept.
  const ANEW = [{ "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate" }, { "cache-control": "max-age=0" }, { "cache-control": "no-cache", pragma: "no-cache" }];
  const NOT_ANEW = [{}, { "sec-fetch-dest": "document" }, { "cache-control": "max-age=60" }];

  test("is answered by the app's Worker, for this address and until then", async () => {
    stand("https://app.example", "one", soon(), false, false);
    assert.equal(await visit(), "the app");
    assert.deepEqual(asked, [["one", URL_]]);
    assert.equal(await visit({}, { url: "https://other.example/page" }), "decided");
    assert.equal(await visit({}, { method: "POST" }), "decided");
    stand("https://app.example", "one", Date.now() - 1, false, false);
    assert.equal(await visit(), "decided");
    stand("https://app.example", "one", soon(), false, false);
    dismiss();
    assert.equal(await visit(), "decided");
  });

  test("is decided anew where a preview is wanted as it is now, and only there", async () => {
    stand("https://app.example", "one", soon(), false, true);
    for (const headers of NOT_ANEW) assert.equal(await visit(headers), "the app", JSON.stringify(headers));
    for (const headers of ANEW) assert.equal(await visit(headers), "decided", JSON.stringify(headers));
    stand("https://app.example", "one", soon(), false, false);
    for (const headers of ANEW) assert.equal(await visit(headers), "the app", JSON.stringify(headers));
    dismiss();
  });
});
