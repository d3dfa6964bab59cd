// The doubles of providers, read by the providers' own libraries. What these find there a Worker may be held to.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import { startAimock } from "../support/aimock.mjs";
import { KEYS, ModelDouble } from "../support/model.mjs";
import { LIBRARIES, MODEL } from "../support/model/libraries.mjs";
import { until } from "../support/wait.mjs";

const running = [];
after(() => Promise.all(running.map((one) => one.stop())));

/** A double that answers by the script, until the end of the file. */
async function start(answer, options) {
  const double = await ModelDouble.start({ answer: typeof answer === "function" ? answer : () => answer, ...options });
  running.push(double);
  return double;
}

const closed = (call, by) => until(`the call to be closed ${by}`, () => call.closed === by, { timeoutMs: 5000 });

for (const [name, { errors, ask, tell, begin, next }] of Object.entries(LIBRARIES)) {
  describe(`the double of ${name}`, () => {
    const HELLO = begin("A recipe box, täglich 🍲");

    test("streams words, thoughts and calls, and says what they cost", async () => {
      const usage = { input: 1200, cacheRead: 900, cacheWrite: 0, output: 77, reasoning: 32 };
      const said = {
        thinking: "The list is in src/app/pages/Home.tsx 🍲.",
        text: "Your recipe box has a search — “täglich” 🍲 and\n\nlines.",
        calls: [{ name: "view_file", input: { path: "src/app/pages/Home.tsx", lines: "1-40 “täglich” 🍲" } }, { name: "view_file", input: {} }],
      };
      const double = await start({ ...said, usage });
      const found = tell(await ask(double, HELLO));
      const expected = { ...said, stop: "tool_use", usage: { ...usage } };
      if (name === "openai-chat") {
        // Thoughts are not told there, nor what is written into a cache.
        delete expected.thinking;
        delete expected.usage.cacheWrite;
      }
      assert.deepEqual(found, expected);
      const [call] = double.calls;
      assert.deepEqual([call.provider, call.status, call.closed, double.calls.length], [name, 200, undefined, 1]);
      assert.ok(call.sent > 10 && Math.abs(Date.now() - call.at) < 60_000);
    });

    test("counts what it is not told", async () => {
      const { usage } = tell(await ask(await start({ text: "Done.".repeat(100) }), HELLO));
      assert.ok(usage.input > 40 && usage.input < 200, JSON.stringify(usage));
      assert.deepEqual([usage.cacheRead, usage.output, usage.reasoning], [0, 126, 0]);
    });

    // Chat Completions has one text and one list of calls.
    if (name !== "openai-chat") test("keeps blocks in an order of its own", async () => {
      const blocks = [
        { call: { name: "view_file", input: { path: "a" }, id: "my_id" } },
        { redacted: "EmwKAhgB" },
        { text: "Both." },
        { call: { name: "view_file", rawArguments: '{"path": "b"}' } },
      ];
      const message = await ask(await start({ blocks }), HELLO);
      assert.deepEqual((message.content ?? message.output).map(({ type }) => type), name === "anthropic"
        ? ["tool_use", "redacted_thinking", "text", "tool_use"]
        : ["function_call", "reasoning", "message", "function_call"]);
      assert.match(JSON.stringify(message), /"my_id".*"EmwKAhgB"/);
      assert.deepEqual(tell(message).calls.map(({ input }) => input.path), ["a", "b"]);
    });

    test("stops for whatever reason", async () => {
      const double = await start(({ said: { last } }) => ({ text: "I cannot do that.", stop: last }));
      for (const stop of ["end_turn", "max_tokens", "refusal"]) {
        const found = tell(await ask(double, begin(stop)));
        assert.deepEqual([found.text, found.stop], ["I cannot do that.", stop]);
      }
    });

    test("is told the same conversation as any other, and gives it ids that hold", async () => {
      const calls = [{ name: "view_file", input: { path: "a" } }, { name: "view_file", rawArguments: '{"path": "b' }];
      const double = await start(({ said: { step } }) => (step === 0 ? { thinking: "Both?", text: "Both files.", calls } : { text: `Step ${step}.` }));
      const message = await ask(double, HELLO);
      const messages = next(HELLO, message, [{ ok: true, text: "1 export {}" }, { ok: false, text: "no such file" }]);
      assert.equal(tell(await ask(double, messages)).text, "Step 1.");
      const { said } = double.calls[1];
      const ids = said.messages[1].calls.map(({ id }) => id);
      assert.equal(new Set(ids).size, 2);
      // Anthropic takes arguments as JSON only, and its library makes none of those that were cut off.
      const cut = name === "anthropic" ? { input: {} } : { input: undefined, rawArguments: '{"path": "b' };
      assert.deepEqual({ ...said, messages: said.messages.map(({ texts, ...message }) => message) }, {
        model: MODEL, system: "You build apps.", tools: ["view_file"], last: "A recipe box, täglich 🍲", step: 1,
        messages: [
          { role: "user", text: "A recipe box, täglich 🍲", calls: [], results: [] },
          {
            role: "assistant", text: "Both files.", results: [],
            calls: [{ id: ids[0], name: "view_file", input: { path: "a" } }, { id: ids[1], name: "view_file", ...cut }],
          },
          {
            role: "user", text: "", calls: [],
            results: [{ id: ids[0], ok: true, text: "1 export {}" }, { id: ids[1], ok: false, text: "no such file" }],
          },
        ],
      });
    });

    test("refuses keys and requests as the provider does", async () => {
      const double = await start({ text: "Never.", calls: [{ name: "view_file" }] });
      const wrong = { ...double.env, ANTHROPIC_API_KEY: "wrong", OPENAI_API_KEY: "wrong" };
      await assert.rejects(ask({ env: wrong }, HELLO), errors.AuthenticationError);
      const message = await ask(double, HELLO);
      // The results are left out.
      const messages = next(HELLO, message, [{ ok: true, text: "" }]).slice(0, -1);
      await assert.rejects(ask(double, messages), (error) => {
        assert.match(error.message, /without `tool_result` blocks|No tool output found|must be followed by tool messages/);
        return error instanceof errors.BadRequestError;
      });
      assert.deepEqual(double.calls.map(({ status }) => status), [401, 200, 400]);
    });

    test("answers with errors", async () => {
      const answers = {
        429: { status: 429, headers: { "retry-after": "7" } },
        500: { status: 500, error: { message: "Oh." } },
        529: { status: 529 },
        400: { status: 400, error: { type: "invalid_request_error", message: "prompt is too long" } },
        502: { status: 502, headers: { "content-type": "text/html" }, body: "<html>Bad gateway</html>" },
      };
      const double = await start(({ said: { last } }) => answers[last]);
      const caught = async (status) => {
        const error = await ask(double, begin(status)).then(() => assert.fail("no error"), (error) => error);
        assert.equal(error.status, Number(status));
        return error;
      };
      const limited = await caught("429");
      assert.ok(limited instanceof errors.RateLimitError);
      assert.equal(limited.headers.get("retry-after"), "7");
      assert.match(limited.requestID, /^req_\w{24}$/);
      assert.equal(limited.type, name === "anthropic" ? "rate_limit_error" : "tokens");
      assert.ok(await caught("500") instanceof errors.InternalServerError);
      assert.equal((await caught("529")).type, name === "anthropic" ? "overloaded_error" : "server_error");
      assert.match((await caught("400")).message, /prompt is too long/);
      await caught("502");
    });

    test("gives up in the middle", async () => {
      const double = await start({ text: "I begin to write a page.", errorAfter: 4, error: { type: "overloaded_error", message: "Too much." } });
      await assert.rejects(ask(double, HELLO), (error) => {
        assert.match(error.message, /Too much/);
        assert.equal(error.type, name === "anthropic" ? "overloaded_error" : "server_error");
        return error instanceof errors.APIError;
      });
      assert.equal(double.calls[0].closed, "by us");
    });

    test("breaks off, by the connection or by the body's end, and sends what is no JSON", async () => {
      const answers = { cut: { cutAfter: 5 }, end: { endAfter: -1 }, malformed: { malformedAt: 5 }, reset: { reset: true } };
      const double = await start(({ said: { last } }) => ({ text: "I begin to write a page about recipes.", ...answers[last] }));
      for (const fault of Object.keys(answers)) {
        const found = ask(double, begin(fault));
        if (fault === "end" && name !== "anthropic") {
          // OpenAI's libraries take what has come for whole: it is for us to see that the end is missing.
          assert.notEqual((await found).status, "completed");
        } else {
          await assert.rejects(found, errors.OpenAIError ?? errors.AnthropicError, fault);
        }
        const call = double.calls.at(-1);
        if (fault === "malformed") continue;
        await closed(call, "by us");
        if (fault === "cut") assert.equal(call.sent, 5);
      }
      assert.equal(double.calls[3].status, undefined);
    });

    test("falls silent, before the answer or in it, until the client has enough", async () => {
      const double = await start(({ said: { last } }) => ({ text: "I begin to write a page.", ...(last === "stall" ? { stallAfter: 3 } : { silent: true }) }));
      for (const fault of ["stall", "silent"]) {
        const stop = new AbortController();
        const found = assert.rejects(ask(double, begin(fault), { signal: stop.signal }), errors.APIUserAbortError);
        const events = fault === "stall" ? 3 : 0;
        await until("the call to come", () => double.calls.some(({ said, sent }) => said?.last === fault && sent === events), { timeoutMs: 5000 });
        assert.equal(double.calls.at(-1).closed, undefined);
        stop.abort();
        await found;
        await closed(double.calls.at(-1), "by client");
      }
      assert.deepEqual(double.calls.map(({ status }) => status), [200, undefined]);
    });

    test("sends an event that nobody knows", async () => {
      const double = await start({ text: "Known.", unknownEventAt: 3 });
      const found = ask(double, HELLO);
      if (name === "anthropic") assert.equal(tell(await found).text, "Known.");
      // OpenAI's libraries stop at what they do not know.
      else await assert.rejects(found);
    });

    test("takes its time", async () => {
      const double = await start({ text: "Hello, you.", gapMs: 20 }, { delayMs: 100 });
      const begun = performance.now();
      await ask(double, HELLO);
      assert.ok(performance.now() - begun > 100 + 20 * (double.calls[0].sent - 2));
    });

    test("owns up to a script that failed", async () => {
      const log = console.error;
      console.error = () => {};
      try {
        const fail = () => { throw new Error("Oops"); };
        for (const script of [fail, () => undefined, { txt: "" }, { text: "", cutAfter: 1, endAfter: 1 }, { error: { message: "" } }]) {
          const double = await start(script);
          await assert.rejects(ask(double, HELLO), (error) => error.status === 500 && /the script failed/.test(error.message));
        }
      } finally {
        console.error = log;
      }
    });
  });
}

describe("the double", () => {
  const PATHS = { anthropic: "/v1/messages", "openai-responses": "/v1/responses", "openai-chat": "/v1/chat/completions" };

  /** A request without any library. */
  async function raw(url, provider, body, headers = {}) {
    const own = provider === "anthropic"
      ? { "x-api-key": KEYS.ANTHROPIC_API_KEY, "anthropic-version": "2023-06-01" }
      : { authorization: `Bearer ${KEYS.OPENAI_API_KEY}` };
    const text = JSON.stringify({ model: MODEL, max_tokens: 9, stream: true, ...body });
    return fetch(`${url}${PATHS[provider]}`, { method: "POST", headers: { ...own, ...headers }, body: text });
  }
  const USER = [{ role: "user", content: "A recipe box" }];

  test("sends events as they are documented", async () => {
    const double = await start({ thinking: "Hm.", text: "It is.", calls: [{ name: "view_file", input: { path: "a" } }] });
    const events = async (provider, body) => {
      const answer = await raw(double.url, provider, body);
      assert.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
      const names = [...(await answer.text()).matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
      return names.filter((name, n) => name !== names[n - 1]);
    };
    assert.deepEqual(await events("anthropic", { messages: USER }), [
      "message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop",
      "content_block_start", "content_block_delta", "content_block_stop",
      "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
    ]);
    assert.deepEqual((await events("openai-responses", { input: USER })).map((name) => name.replace("response.", "")), [
      "created", "in_progress",
      "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
      "reasoning_summary_part.done", "output_item.done",
      "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
      "output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done", "completed",
    ]);
    assert.deepEqual(await events("openai-chat", { messages: USER }), []);
  });

  test("sends every event before it breaks off, and no more", async () => {
    const double = await start({ text: "I begin to write a page about recipes.", cutAfter: 4 });
    for (const provider of Object.keys(PATHS)) {
      let text = "";
      await assert.rejects(async () => {
        for await (const bytes of (await raw(double.url, provider, { messages: USER, input: USER })).body) text += Buffer.from(bytes).toString();
      });
      assert.equal(text.match(/^data: /gm)?.length, 4);
    }
  });

  test("answers a request with the same bytes, also another one", async () => {
    const script = { thinking: "Hm.", text: "It is.", calls: [{ name: "view_file", input: { path: "a" } }] };
    const doubles = [await start(script), await start(script)];
    for (const provider of Object.keys(PATHS)) {
      const ask = async (double, content) => (await raw(double.url, provider, { messages: [{ role: "user", content }], input: content })).text();
      const first = await ask(doubles[0], "A recipe box");
      assert.equal(await ask(doubles[0], "A recipe box"), first);
      assert.equal(await ask(doubles[1], "A recipe box"), first);
      assert.notEqual(await ask(doubles[0], "A to-do list"), first);
    }
  });

  test("reports Anthropic's cache", async () => {
    const double = await start({ text: "Yes." }, { caching: true });
    const mark = { cache_control: { type: "ephemeral" } };
    const text = (text, more = {}) => ({ type: "text", text, ...more });
    const words = "Some words of a prompt. ".repeat(100);
    const usage = async (system, messages) => {
      const tools = [{ name: "view_file", input_schema: {}, ...mark }];
      const answer = await raw(double.url, "anthropic", { system: [text(system, mark)], messages, tools });
      const begun = JSON.parse(/^data: (.*message_start.*)$/m.exec(await answer.text())[1]).message.usage;
      return [begun.input_tokens, begun.cache_read_input_tokens, begun.cache_creation_input_tokens];
    };
    const user = (more) => ({ role: "user", content: [text(words, more)] });
    const [input, read, written] = await usage(words, [user(mark)]);
    assert.deepEqual([input, read], [0, 0]);
    assert.ok(written > 1200, `${written}`);
    // The same again, and then with a step more: what was marked is read although the mark has moved on.
    assert.deepEqual(await usage(words, [user(mark)]), [0, written, 0]);
    const longer = [user(mark), { role: "assistant", content: "Yes." }, user(mark)];
    const [, readAgain, more] = await usage(words, longer);
    assert.deepEqual([readAgain, more > 600], [written, true]);
    assert.deepEqual(await usage(words, [user({}), ...longer.slice(1)]), [0, written + more, 0]);
    // What follows the last mark is read at the full price; another system prompt leaves only the tools.
    const tail = await usage(words, [...longer, { role: "assistant", content: "Yes." }, user({})]);
    assert.deepEqual([tail[0] > 600, tail[1], tail[2]], [true, written + more, 0]);
    const [, tools] = await usage(`${words}!`, [user(mark)]);
    assert.ok(tools > 10 && tools < 50, `${tools}`);
    assert.equal((await raw(double.url, "anthropic", { messages: Array.from({ length: 5 }, () => user(mark)) })).status, 400);
  });

  test("knows what Anthropic refuses", async () => {
    const double = await start({ text: "Yes." });
    const says = async (body, headers) => (await (await raw(double.url, "anthropic", body, headers)).json()).error.message;
    const after = (...content) => [...USER, { role: "assistant", content }, ...USER];
    assert.match(await says({ messages: [] }), /at least one message/);
    assert.match(await says({ messages: [{ role: "user", content: [{ type: "text", text: " " }] }] }), /non-whitespace/);
    assert.match(await says({ messages: after({ type: "tool_use", id: "a.b", name: "t", input: {} }) }), /pattern/);
    assert.match(await says({ messages: after({ type: "tool_use", id: "a_b", name: "t", input: {} }) }), /without `tool_result`/);
    const stray = { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "" }] };
    assert.match(await says({ messages: [stray] }), /unexpected `tool_use_id`/);
    assert.match(await says({ messages: USER, temperature: 0 }, { "anthropic-version": "2026-10-21" }), /temperature/);
    assert.match(await says({ messages: USER }, { "anthropic-version": "2026" }), /valid version/);
    const { content: [thought] } = await LIBRARIES.anthropic.ask(await start({ thinking: "Hm." }), USER);
    assert.match(await says({ messages: after({ ...thought, thinking: "Ha." }) }), /Invalid `signature`/);
    const own = { type: "thinking", thinking: "Where?", signature: "a script's own" };
    assert.equal((await raw(double.url, "anthropic", { messages: after(own, thought) })).status, 200);
  });

  test("runs as a program, and is there again after kill -9", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-double-"));
    const script = path.join(folder, "script.mjs");
    fs.writeFileSync(script, 'export default ({ said }) => ({ text: `You said ${said.last}.` });\n');
    const program = path.resolve(import.meta.dirname, "../support/model.mjs");
    const run = async (port) => {
      const child = spawn(process.execPath, [program, "--port", port, "--script", script], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = await new Promise((resolve) => child.stdout.once("data", (data) => resolve(String(data).split("\n"))));
      return { child, url: line };
    };
    const kill = async ({ child }) => {
      const over = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await over;
    };
    const first = await run("0");
    let second;
    try {
      const answer = await (await raw(first.url, "openai-chat", { messages: USER })).text();
      assert.match(answer, /recipe box\./);
      await kill(first);
      second = await run(new URL(first.url).port);
      assert.equal(second.url, first.url);
      assert.equal(await (await raw(second.url, "openai-chat", { messages: USER })).text(), answer);
      const calls = await (await fetch(`${second.url}/calls`)).json();
      assert.deepEqual(calls.map(({ provider, status, said }) => [provider, status, said.last]), [["openai-chat", 200, "A recipe box"]]);
    } finally {
      [first, second].forEach((one) => one?.child.kill("SIGKILL"));
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe("aimock", () => {
  const view = (path, id) => ({ name: "view_file", arguments: { path }, id });
  const FIXTURES = [
    // Steps are told apart by results: `turnIndex` counts each text and each call of OpenAI Responses as a turn.
    { match: { userMessage: "recipe box", hasToolResult: false }, response: { content: "I look at it.", toolCalls: [view("src/a.ts", "call_1")] } },
    { match: { toolCallId: "call_1", toolResultContains: "no such file" }, response: { content: "It is not there." } },
    { match: { toolCallId: "call_1" }, response: { toolCalls: [view("src/b.ts", "call_2")] } },
    { match: { toolCallId: "call_2" }, response: { content: "It is there.", usage: { input_tokens: 12, output_tokens: 5 } } },
    { match: { userMessage: "too often" }, response: { status: 429, retryAfter: 7, error: { type: "rate_limit_error", message: "Slow down." } } },
    { match: { userMessage: "too many", sequenceIndex: 0 }, response: { status: 529, error: { type: "overloaded_error", message: "Overloaded" } } },
    { match: { userMessage: "too many" }, response: { content: "Now I can." } },
    // Without a latency it breaks off before anything has gone out.
    { match: { userMessage: "cut off" }, response: { content: "I begin to write." }, chunkSize: 5, latency: 5, truncateAfterChunks: 4 },
    { match: { userMessage: "as much as it may" }, response: { content: "I begin to", finishReason: "length" } },
    { match: { userMessage: "think" }, response: { content: "Done.", reasoning: "Hm." } },
  ];

  for (const [name, { errors, ask, begin, next }] of Object.entries(LIBRARIES)) {
    test(`answers the library of ${name} by its fixtures`, async () => {
      const mock = await startAimock(FIXTURES);
      running.push(mock);
      const json = async (messages) => JSON.stringify(await ask(mock, messages));

      const first = await ask(mock, begin("A recipe box"));
      assert.match(JSON.stringify(first), /I look at it\..*call_1/);
      const second = next(begin("A recipe box"), first, [{ ok: true, text: "1 export {}" }]);
      const third = next(second, await ask(mock, second), [{ ok: true, text: "1 export {}" }]);
      const done = await json(third);
      assert.match(done, /It is there\./);
      assert.match(done, /_tokens":12/);
      assert.match(await json(next(begin("A recipe box"), first, [{ ok: false, text: "no such file" }])), /It is not there\./);
      const limited = await ask(mock, begin("too often")).then(() => assert.fail("no error"), (error) => error);
      assert.ok(limited instanceof errors.RateLimitError);
      assert.equal(limited.headers.get("retry-after"), "7");
      await assert.rejects(ask(mock, begin("too many")), (error) => error.status === 529);
      assert.match(await json(begin("too many")), /Now I can/);
      await assert.rejects(ask(mock, begin("cut off")), errors.OpenAIError ?? errors.AnthropicError);
      assert.match(await json(begin("as much as it may")), /"max_tokens"|"incomplete"|"length"/);
      if (name !== "openai-chat") assert.match(await json(begin("think")), /Hm\./);
      await assert.rejects(ask(mock, begin("something else")), errors.NotFoundError);
      const wrong = { ...mock.env, ANTHROPIC_API_KEY: "wrong", OPENAI_API_KEY: "wrong" };
      await assert.rejects(ask({ env: wrong }, begin("think")), errors.AuthenticationError);

      const requests = mock.requests();
      assert.equal(requests[0].body.messages.at(-1).content, "A recipe box");
      assert.deepEqual(requests.slice(0, 7).map(({ status }) => status), [200, 200, 200, 200, 429, 529, 200]);
      assert.ok(requests[7].interrupted);
      assert.doesNotMatch(JSON.stringify(requests), new RegExp(Object.values(KEYS).join("|")));
    });
  }
});
