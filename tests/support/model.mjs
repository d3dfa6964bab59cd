// Language model providers that answer by a script: Anthropic Messages, OpenAI Responses and OpenAI Chat Completions, streamed.
//
// A script is a function that is given each call and answers in no provider's words:
//   { text?, thinking?, calls?: [{ name, input, id?, rawArguments? }], stop?, usage? }, or `blocks` for an order of its own:
//     [{ text }, { thinking, signature? }, { redacted }, { call: { name, input, id?, rawArguments? } }].
//     `stop`: end_turn, tool_use (where there are calls), max_tokens, refusal, or a provider's own word.
//     `usage`: { input, cacheRead, cacheWrite, output, reasoning }, each of which is counted where it is not given.
//   { status, headers?, error?: { type, message, code? }, body? }: an error in the provider's shape; `body` is sent as it is.
// and what goes wrong with an answer. Events are counted from 1 in `…At`; `…After` says how many come; below zero, from the end.
//   cutAfter: the connection breaks            endAfter: the body ends as if it were whole
//   stallAfter: no byte any more               errorAfter: the provider gives up, with `error`
//   malformedAt: data that is no JSON          unknownEventAt: an event that nobody knows
//   reset: no answer, connection reset         silent: no answer, connection open
//   delayMs: before the first byte             gapMs: before each event but the first
//
// A request that breaks a provider's rules (calls without results, keys that are wrong, …) is refused as the provider does, before
// the script is asked. The same request gets the same bytes, but for what `caching` counts, also from another double.
//
// As a program: node tests/support/model.mjs --port P --script FILE [--caching] [--delay MS]; the first line is its address, and
// GET /calls lists what it was asked.
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import * as anthropic from "./model/anthropic.mjs";
import { checked, digest, tokens, whole } from "./model/answer.mjs";
import { PromptCache } from "./model/cache.mjs";
import * as chat from "./model/chat.mjs";
import { plan } from "./model/faults.mjs";
import * as responses from "./model/responses.mjs";

const PROVIDERS = [anthropic, responses, chat];

/** The only keys that are taken. Nothing but a request's own header may ever show them. */
export const KEYS = {
  ANTHROPIC_API_KEY: "sk-ant-canary-2f7c1a9e5b-test",
  OPENAI_API_KEY: "sk-proj-canary-8d3e6b0c4a-test",
};

/** The ids of an answer: the same for the same conversation, different within it. */
function namer(seed) {
  const counts = {};
  return (prefix, mark = "_") => {
    counts[prefix] = (counts[prefix] ?? 0) + 1;
    return `${prefix}${mark}${digest(`${seed} ${prefix} ${counts[prefix]}`)}`;
  };
}

export class ModelDouble {
  /**
   * Every request, in the order in which they came: `{provider, at, ended, request, headers, said, status, sent, closed}`. `at` and
   * `ended` are in milliseconds; `said` is the view of model/said.mjs; `sent` counts events; `closed` says who broke it off
   * ("by client", "by us"), and nothing where nobody did.
   */
  calls = [];
  #server;
  #answer;
  #delayMs;
  #cache;
  /** Calls that are not over. */
  #open = new Set();

  /**
   * @param {{answer: (call: object) => object | Promise<object>, delayMs?: number, caching?: boolean, port?: number}} options
   *   `delayMs` before every answer; `caching` as in model/cache.mjs
   */
  static async start({ answer, delayMs = 0, caching = false, port = 0 }) {
    const double = new ModelDouble();
    double.#answer = answer;
    double.#delayMs = delayMs;
    double.#cache = caching ? new PromptCache() : undefined;
    // A client that keeps its connections must not lose one as it sends: none is closed for being idle.
    double.#server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
      double.#take(request, response);
    });
    await new Promise((resolve, reject) => double.#server.once("error", reject).listen(port, "127.0.0.1", resolve));
    double.url = `http://127.0.0.1:${double.#server.address().port}`;
    return double;
  }

  /** What a client is told to reach it. */
  get env() {
    return { ANTHROPIC_BASE_URL: this.url, OPENAI_BASE_URL: `${this.url}/v1`, ...KEYS };
  }

  async stop() {
    for (const call of this.#open) call.closed = "by us";
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #take(request, response) {
    const { pathname } = new URL(request.url, "http://double");
    if (request.method === "GET" && pathname === "/calls") return json(response, 200, this.calls);
    const provider = PROVIDERS.find((one) => one.path === pathname);
    if (!provider || request.method !== "POST") {
      return json(response, 404, { error: { type: "not_found_error", message: `no ${request.method} ${pathname}` } });
    }
    const call = {
      provider: provider.name, at: Date.now(), request: undefined, headers: request.headers, said: undefined,
      status: undefined, sent: 0, closed: undefined, ended: undefined,
    };
    this.calls.push(call);
    this.#open.add(call);
    const gone = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) call.closed ??= "by client";
      call.ended = Date.now();
      this.#open.delete(call);
      gone.abort();
    });
    try {
      await this.#reply(provider, call, { request, response, gone: gone.signal });
    } catch (error) {
      if (gone.signal.aborted || request.socket.destroyed) return;
      console.error("the script failed:", error);
      call.status = 500;
      json(response, 500, provider.problem(500, { message: `the script failed: ${error.message}` }));
    }
  }

  async #reply(provider, call, { request, response, gone }) {
    const body = await readText(request);
    const problem = parse(provider, call, body);
    const id = namer(JSON.stringify(call.said?.messages ?? body));
    const requestId = id("req");
    const answer = problem ? { status: 400, ...problem } : checked(await this.#answer(call));
    const delayMs = answer.delayMs ?? this.#delayMs;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: gone });
    if (answer.silent) return;
    if (answer.reset) {
      call.closed = "by us";
      request.socket.resetAndDestroy();
      return;
    }
    if (answer.status !== undefined) {
      call.status = answer.status;
      const found = answer.body ?? provider.problem(answer.status, answer.error ?? {}, requestId);
      return json(response, answer.status, found, { ...provider.headers(requestId), ...answer.headers });
    }
    const { usage, remember } = this.#read(provider, call.request);
    const events = provider.events(whole(answer, usage), { request: call.request, id });
    const { frames, ending, isWhole } = plan(provider, events, answer, requestId);
    remember();
    call.status = 200;
    const stream = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
    response.writeHead(200, { ...stream, ...provider.headers(requestId), ...answer.headers });
    response.flushHeaders();
    const left = new Promise((resolve) => gone.addEventListener("abort", resolve));
    for (const frame of frames) {
      if (call.sent > 0 && answer.gapMs > 0) await sleep(answer.gapMs, undefined, { signal: gone });
      await Promise.race([new Promise((resolve) => response.write(frame, resolve)), left]);
      if (gone.aborted) return;
      call.sent += 1;
    }
    if (ending === "stall") return;
    if (!isWhole) call.closed = "by us";
    if (ending === "cut") response.destroy();
    else response.end();
  }

  /** What it costs to read a request. */
  #read(provider, request) {
    if (this.#cache && provider === anthropic) return this.#cache.look(request);
    const { system, instructions, tools, messages, input } = request;
    const read = tokens([tools, system ?? instructions, messages ?? input]);
    return { usage: { input: read, cacheRead: 0, cacheWrite: 0 }, remember() {} };
  }
}

/** Reads a request into its call; what is wrong with it, as an answer. */
function parse(provider, call, body) {
  const invalid = (message) => ({ error: { type: "invalid_request_error", message } });
  if (provider.key(call.headers) !== KEYS[provider === anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY"]) {
    return { status: 401, error: { type: "authentication_error", message: "The API key is wrong." } };
  }
  try {
    call.request = JSON.parse(body);
  } catch {
    return invalid("The request body is not valid JSON.");
  }
  if (call.request.stream !== true) return invalid("the double only streams: stream must be true");
  const objection = provider.objection(call.request, call.headers);
  if (objection) return invalid(objection);
  call.said = provider.read(call.request);
  return undefined;
}

/** `body` as JSON, or as it is where it is text. */
function json(response, status, body, headers = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      script: { type: "string" },
      delay: { type: "string", default: "0" },
      caching: { type: "boolean", default: false },
    },
  });
  const { default: answer } = await import(pathToFileURL(path.resolve(values.script)).href);
  const { url } = await ModelDouble.start({ answer, port: Number(values.port), delayMs: Number(values.delay), caching: values.caching });
  console.log(url);
}
