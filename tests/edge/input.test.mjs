// Bad input, and what it gets: a clear error, nothing changed, nothing lost, no panic in the wasm.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { App, RECIPES } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";
import { breakOff, head } from "../support/raw.mjs";

const KIB = 1024;
const JSON_TYPE = { "content-type": "application/json" };

let stack;
let app;

before(async () => {
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
});

after(async () => {
  app?.close();
  await stack?.stop();
});

/** A call with a body that is sent as it is. */
function send(method, target, body, headers = JSON_TYPE) {
  return stack.request(target, { method, body, headers: { authorization: `Bearer ${stack.token}`, ...headers } });
}

/** What must not change when input is refused. */
async function state() {
  const [apps, shown, files, messages] = await Promise.all([
    stack.api("GET", "/v1/apps?limit=200"), app.show(), app.get("/files?limit=200"), app.messages(),
  ]);
  return { apps: apps.body.apps.map(({ id }) => id), shown, files, messages };
}

describe("a body that is refused", () => {
  const prompt = (text) => JSON.stringify({ prompt: text });
  const nested = `{"prompt":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  const cases = [
    ["an empty prompt", prompt(""), "invalid", /prompt/],
    ["a prompt of white space", prompt(" \n\t\u00a0 "), "invalid", /prompt/],
    ["a prompt of 64 KiB and one byte", prompt("x".repeat(64 * KIB + 1)), "too_large", /65536/],
    ["a prompt of 64 KiB and two bytes in the last letter", prompt("x".repeat(64 * KIB - 1) + "é"), "too_large", /65536/],
    ["a body over every limit", prompt("x".repeat(600 * KIB)), "too_large", /bytes/],
    ["no prompt", "{}", "invalid", /prompt/],
    ["a prompt that is a number", '{"prompt":5}', "invalid", /prompt/],
    ["a prompt that is null", '{"prompt":null}', "invalid", /prompt/],
    ["a prompt that is a list", '{"prompt":["x"]}', "invalid", /prompt/],
    ["an unknown field", '{"prompt":"x","colour":"red"}', "invalid", /colour/],
    ["a field twice", '{"prompt":"x","prompt":"y"}', "invalid", /prompt/],
    ["a list", '["x"]', "invalid"],
    ["a text", '"x"', "invalid"],
    ["nothing", "", "invalid", /empty/],
    ["white space", "  \n", "invalid", /empty/],
    ["broken JSON", '{"prompt":"x",}', "invalid", /JSON/],
    ["JSON that ends half-way", '{"prompt":"a recipe b', "invalid", /cut off/],
    ["two values", '{"prompt":"x"}{"prompt":"y"}', "invalid"],
    ["bytes that are not UTF-8", Buffer.from([...Buffer.from('{"prompt":"'), 0xff, 0xfe, ...Buffer.from('"}')]), "invalid"],
    ["half a surrogate pair", '{"prompt":"\\ud800"}', "invalid"],
    ["a very deep value", nested, "invalid"],
    ["a name that is empty", '{"prompt":"x","name":"  "}', "invalid", /name/],
    ["a name of 81 characters", JSON.stringify({ prompt: "x", name: "n".repeat(81) }), "invalid", /80/],
    ["a name with a control character", '{"prompt":"x","name":"a\\u0000b"}', "invalid", /control/],
    ["a model that is not there", '{"prompt":"x","model":"gpt-9"}', "unprocessable", /gpt-9.*offline/],
    ["a model that is no text", '{"prompt":"x","model":{}}', "invalid", /model/],
  ];
  for (const [what, body, kind, says] of cases) {
    test(`for a new app: ${what}`, async () => {
      const earlier = await state();
      assertProblem(await send("POST", "/v1/apps", body), kind, says);
      assert.deepEqual(await state(), earlier);
    });
  }

  test("for a new app: one that is not declared to be JSON", async () => {
    for (const headers of [{}, { "content-type": "text/plain" }, { "content-type": "application/json; charset=latin1" }]) {
      assertProblem(await send("POST", "/v1/apps", prompt("x"), headers), "invalid", /content-type: application\/json/);
    }
  });

  test("for every other call", async () => {
    const path = `/v1/apps/${app.id}`;
    const earlier = await state();
    for (const [method, target, body, kind, says] of [
      ["POST", `${path}/messages`, '{"content":""}', "invalid", /content/],
      ["POST", `${path}/messages`, JSON.stringify({ content: "x".repeat(64 * KIB + 1) }), "too_large", /65536/],
      ["POST", `${path}/messages`, '{"content":"x","mode":"shout"}', "invalid", /mode/],
      ["POST", `${path}/messages`, '{"content":"x","attachment":1}', "invalid", /attachment/],
      ["POST", `${path}/messages`, '{"prompt":"x"}', "invalid", /prompt/],
      ["PATCH", path, '{"name":""}', "invalid", /name/],
      ["PATCH", path, '{"name":7}', "invalid", /name/],
      ["PATCH", path, '{"name":"x","id":"y"}', "invalid", /id/],
      ["POST", `${path}/builds`, '{"mode":"fast"}', "invalid", /mode/],
      ["POST", `${path}/builds`, "{}", "invalid", /mode/],
      ["POST", `${path}/versions/1/restore`, '{"version":2}', "invalid", /body/],
      ["POST", "/v1/tokens", '{"name":""}', "invalid", /name/],
      ["POST", "/v1/tokens", '{"name":"x","secret":"y"}', "invalid", /secret/],
      ["POST", "/v1/console-login", '{"token":5}', "invalid", /token/],
      ["POST", "/v1/console-login", "{}", "invalid", /token/],
    ]) {
      assertProblem(await send(method, target, body), kind, says);
    }
    for (const query of ["limit=0", "limit=201", "limit=x", "page=2", "cursor=zz"]) {
      assertProblem(await stack.api("GET", `/v1/apps?${query}`), "invalid");
      assertProblem(await app.api("GET", `/files?${query}`), "invalid");
      assertProblem(await app.api("GET", `/versions?${query}`), "invalid");
      assertProblem(await app.api("GET", `/messages?${query}`), "invalid");
    }
    assertProblem(await app.api("GET", "/feed", undefined, { "last-event-id": "x" }), "invalid", /Last-Event-ID/i);
    assert.deepEqual(await state(), earlier);
  });
});

describe("the path of a file", () => {
  for (const [what, path] of [
    ["leaves the project", "..%2Fsecrets.txt"],
    ["leaves the project half-way", "src%2F..%2F..%2Fx"],
    ["has a segment of two dots", "src%2F..%2Fx.ts"],
    ["has a segment of one dot", "src%2F.%2Fx.ts"],
    ["has an empty segment", "src//x.ts"],
    ["ends in a slash", "src/"],
    ["has a NUL", "src%2Fa%00b.ts"],
    ["has a line break", "src%2Fa%0Ab.ts"],
    ["has a backslash", "src%5C..%5Cx.ts"],
    ["is absolute", "%2Fetc%2Fpasswd"],
    ["starts with a drive", "C:%2Fx.ts"],
    ["has 256 bytes", "é".repeat(127).split("").map(encodeURIComponent).join("") + "xx"],
    ["is in node_modules", "node_modules/react/index.js"],
    ["is in .git", ".git/config"],
    ["is not UTF-8", "src%2F%ff.ts"],
    ["is badly escaped", "src%2F%zz.ts"],
  ]) {
    test(`is refused when it ${what}`, async () => {
      const earlier = await state();
      for (const [method, body] of [["PUT", "x"], ["GET", undefined], ["DELETE", undefined]]) {
        assertProblem(await send(method, `/v1/apps/${app.id}/files/${path}`, body, {}), "invalid", /path|percent/i);
      }
      assert.deepEqual(await state(), earlier);
    });
  }

  test("cannot climb out of the app's files unescaped", async () => {
    for (const path of ["../../../v1/session", "%2e%2e/%2e%2e/x", "..;/x"]) {
      const answer = await send("PUT", `/v1/apps/${app.id}/files/${path}`, "x", {});
      assert.ok([400, 404, 405].includes(answer.status) || path === "..;/x", `${path}: ${answer.status}`);
    }
  });

  test("of 255 bytes is taken", async () => {
    const path = `notes/${"n".repeat(245)}.txt`;
    assert.equal(path.length, 255);
    const put = await app.fileCall("PUT", path, { body: "x" });
    assert.equal(put.status, 201, put.text);
    assert.equal((await app.read(path)).text, "x");
    assert.equal((await app.fileCall("DELETE", path, { headers: { "if-match": put.headers.etag } })).status, 204);
  });

  test("cannot be both a file and a folder", async () => {
    const put = await app.fileCall("PUT", "src/app/routes.tsx/x.ts", { body: "x" });
    assertProblem(put, "conflict", /routes\.tsx/);
  });

  test("of no file is not found", async () => {
    assertProblem(await app.fileCall("GET", "src/none.ts"), "not_found", /src\/none\.ts/);
    assertProblem(await app.fileCall("DELETE", "src/none.ts", { headers: { "if-match": "*" } }), "conflict");
  });
});

describe("the size of a file", () => {
  const text = (bytes) => Buffer.alloc(bytes, "a");
  const binary = (bytes) => Buffer.alloc(bytes, 0xff);

  test("may be 512 KiB of text and no byte more", async () => {
    const earlier = (await app.get("/files?limit=200")).files;
    const over = await app.fileCall("PUT", "data/text.txt", { body: text(512 * KIB + 1) });
    assert.equal(assertProblem(over, "too_large", /524288/).limit, 512 * KIB);
    assert.deepEqual((await app.get("/files?limit=200")).files, earlier);
    const exact = await app.fileCall("PUT", "data/text.txt", { body: text(512 * KIB) });
    assert.equal(exact.status, 201, exact.text);
    assert.equal((await app.read("data/text.txt")).bytes.length, 512 * KIB);
  });

  test("may be 5 MiB of anything else and no byte more", async () => {
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const over = await app.fileCall("PUT", "data/film.bin", { body: binary(5 * KIB * KIB + 1), headers });
      assert.equal(assertProblem(over, "too_large", /5242880/).limit, 5 * KIB * KIB);
    }
    assertProblem(await app.fileCall("GET", "data/film.bin"), "not_found");
    const exact = await app.fileCall("PUT", "data/film.bin", { body: binary(5 * KIB * KIB) });
    assert.equal(exact.status, 201, exact.text);
    const { bytes, etag } = await app.read("data/film.bin");
    assert.ok(bytes.equals(binary(5 * KIB * KIB)));
    assert.equal(etag, exact.headers.etag);
  });

  test("is held to its limit whatever length it says it has, when it comes in chunks", async () => {
    // What is left of it after the limit is no harm to who would read on: only its size is wrong.
    const whole = Buffer.from(JSON.stringify({ prompt: "never" }).padEnd(4 * KIB * KIB));
    const bytes = Buffer.concat([
      Buffer.from(head("POST", "/v1/apps", {
        host: `localhost:${stack.port}`, authorization: `Bearer ${stack.token}`, "content-type": "application/json",
        "content-length": 10, "transfer-encoding": "chunked", connection: "close",
      })),
      Buffer.from(`${whole.length.toString(16)}\r\n`), whole, Buffer.from("\r\n0\r\n\r\n"),
    ]);
    const before = (await stack.api("GET", "/v1/apps?limit=200")).body.apps.length;
    const answer = await breakOff(stack.port, bytes, "end");
    assert.match(answer, /^HTTP\/1\.1 413 /, answer.slice(0, 300));
    assert.equal((await stack.api("GET", "/v1/apps?limit=200")).body.apps.length, before);
  });

  test("is told also to who sends all of it before reading the answer", async () => {
    const body = binary(5 * KIB * KIB + 1);
    const head = [
      `PUT /v1/apps/${app.id}/files/data/film.bin HTTP/1.1`, `host: localhost:${stack.port}`, `authorization: Bearer ${stack.token}`,
      `content-length: ${body.length}`, "connection: close", "", "",
    ].join("\r\n");
    const socket = net.connect(stack.port, "127.0.0.1");
    socket.pause();
    // In pieces, with time in between for the answer to come too early.
    for (const piece of [Buffer.from(head), body.subarray(0, KIB), body.subarray(KIB)]) {
      await new Promise((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())));
      await sleep(100);
    }
    const chunks = [];
    for await (const chunk of socket) chunks.push(chunk);
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 413 /);
  });

  test("counts towards the 20 MiB of an app", async () => {
    const answers = [];
    for (let index = 0; index < 3; index += 1) {
      const body = binary(5 * KIB * KIB - 1 - index);
      answers.push(await app.fileCall("PUT", `data/more-${index}.bin`, { body }));
    }
    assert.deepEqual(answers.map(({ status }) => status), [201, 201, 413]);
    assert.equal(assertProblem(answers[2], "too_large", /20971520/).limit, 20 * KIB * KIB);
    const { files } = await app.get("/files?limit=200");
    assert.ok(!files.some(({ path }) => path === "data/more-2.bin"));
    for (const { path, hash } of files.filter((file) => file.path.startsWith("data/"))) {
      assert.equal((await app.fileCall("DELETE", path, { headers: { "if-match": `"${hash}"` } })).status, 204);
    }
    await app.settled();
  });
});

describe("a place that is not there", () => {
  test("an app, version, build or file without an owner", async () => {
    for (const target of [
      "/v1/apps/zzzzzzzzzzzz", "/v1/apps/zzzzzzzzzzzz/files", "/v1/apps/zzzzzzzzzzzz/feed", "/v1/apps/UPPER", "/v1/apps/a_b",
      "/v1/apps/x", `/v1/apps/${"a".repeat(300)}`, `/v1/apps/${app.id}/versions/99`, `/v1/apps/${app.id}/versions/x`,
      `/v1/apps/${app.id}/versions/4294967296`, `/v1/apps/${app.id}/builds/b99`, `/v1/apps/${app.id}/builds/b99/log`,
      `/v1/apps/${app.id}/nothing`, "/v1", "/v1/nothing", "/v2/apps", "/v1/apps/",
    ]) {
      const answer = await stack.api("GET", target);
      // What is not below the API is the console's, which says it in its own way.
      if (target.startsWith("/v1")) assertProblem(answer, "not_found");
      else assert.equal(answer.status, 404, target);
    }
    assertProblem(await stack.api("POST", "/v1/apps/zzzzzzzzzzzz/messages", { content: "x" }), "not_found");
    assertProblem(await stack.api("DELETE", "/v1/apps/zzzzzzzzzzzz"), "not_found");
    assertProblem(await send("PUT", "/v1/apps/zzzzzzzzzzzz/files/a.txt", "x", {}), "not_found");
  });

  test("a host or an environment of no app", async () => {
    const hosts = [
      "preview-zzzzzzzzzzzz", "preview-", "preview-www", `staging-${app.id}`, `production-${app.id}`, app.id, "www", "api", "preview",
      `x.preview-${app.id}`, `preview-${app.id}-x`,
    ].map((label) => `${label}.localhost:${stack.port}`);
    hosts.push(`preview-${app.id}.evil.example`, `preview-${app.id}.localhost:1`, `localhost:1`, "evil.example", `localhost.evil.example:${stack.port}`);
    for (const host of hosts) {
      for (const target of ["/", "/v1/session", "/healthz"]) {
        const answer = await stack.request(target, { host, headers: { authorization: `Bearer ${stack.token}` } });
        assert.equal(answer.status, 404, `${host}${target}`);
        assert.match(answer.headers["x-robots-tag"], /noindex/, host);
      }
    }
    const upper = await stack.request("/healthz", { host: `LOCALHOST:${stack.port}` });
    assert.equal(upper.status, 200);
  });

  test("the API at an app's address", async () => {
    for (const target of ["/v1/session", "/v1/apps", "/healthz", "/console/console.js"]) {
      const answer = await app.preview(target, { headers: { authorization: `Bearer ${stack.token}` } });
      assert.equal(answer.status, 404, target);
    }
  });
});

describe("a call that is not made like this", () => {
  test("a method that does not fit: 405, and `allow` says which do", async () => {
    const path = `/v1/apps/${app.id}`;
    for (const [method, target, allow] of [
      ["PUT", "/v1/apps", ["GET", "POST", "HEAD"]],
      ["DELETE", "/v1/apps", ["GET", "POST", "HEAD"]],
      ["POST", path, ["GET", "PATCH", "DELETE", "HEAD"]],
      ["GET", "/v1/console-login", ["POST"]],
      ["POST", "/v1/session", ["GET", "HEAD"]],
      ["DELETE", `${path}/messages`, ["GET", "POST", "HEAD"]],
      ["POST", `${path}/feed`, ["GET", "HEAD"]],
      ["PATCH", `${path}/files/a.txt`, ["GET", "PUT", "DELETE", "HEAD"]],
      ["PUT", `${path}/versions/1`, ["GET", "HEAD"]],
      ["GET", `${path}/versions/1/restore`, ["POST"]],
      ["POST", "/healthz", ["GET", "HEAD"]],
      ["PROPFIND", "/healthz", ["GET", "HEAD"]],
      ["PROPFIND", path, ["GET", "PATCH", "DELETE", "HEAD"]],
      ["POST", "/", ["GET", "HEAD"]],
    ]) {
      const answer = await stack.api(method, target);
      assertProblem(answer, "method_not_allowed", /Use /);
      assert.deepEqual(answer.headers.allow.split(", ").sort(), [...allow].sort(), `${method} ${target}`);
    }
  });

  test("a call of a later release: 501, once it is known who asks", async () => {
    const path = `/v1/apps/${app.id}`;
    for (const [method, target] of [
      ["POST", "/v1/apps/import"], ["GET", `${path}/export`], ["POST", `${path}/clone`],
    ]) {
      const body = method === "GET" ? undefined : {};
      assertProblem(await stack.api(method, target, body), "not_implemented", /openapi\.json/);
      assertProblem(await stack.request(target, { method }), "unauthenticated");
    }
  });

  test("the description of the API lists every call, its bodies and its errors", async () => {
    const answer = await stack.request("/v1/openapi.json");
    assert.equal(answer.status, 200);
    assert.match(answer.headers["content-type"], /^application\/json/);
    const document = answer.json();
    assert.match(document.openapi, /^3\.1\./);
    for (const [method, path, status] of [
      ["post", "/v1/apps", 201], ["get", "/v1/apps", 200], ["get", "/v1/apps/{app}", 200], ["patch", "/v1/apps/{app}", 200],
      ["delete", "/v1/apps/{app}", 204], ["post", "/v1/apps/{app}/messages", 202], ["get", "/v1/apps/{app}/messages", 200],
      ["get", "/v1/apps/{app}/feed", 200], ["get", "/v1/apps/{app}/files", 200], ["get", "/v1/apps/{app}/files/{path}", 200],
      ["put", "/v1/apps/{app}/files/{path}", 201], ["delete", "/v1/apps/{app}/files/{path}", 204], ["get", "/v1/apps/{app}/versions", 200],
      ["get", "/v1/apps/{app}/versions/{version}", 200], ["post", "/v1/apps/{app}/versions/{version}/restore", 201],
      ["post", "/v1/apps/{app}/builds", 202], ["get", "/v1/apps/{app}/builds/{build}", 200], ["get", "/v1/apps/{app}/builds/{build}/log", 200],
      ["post", "/v1/tokens", 201], ["get", "/v1/session", 200], ["get", "/v1/apps/{app}/search", 200],
      ["get", "/v1/apps/{app}/versions/{version}/diff", 200], ["post", "/v1/console-login", 204], ["post", "/v1/apps/{app}/clone", 501],
      ["post", "/v1/apps/{app}/deployments", 202], ["put", "/v1/apps/{app}/env/{environment}/{name}", 200],
    ]) {
      const operation = document.paths[path]?.[method];
      assert.ok(operation, `${method} ${path}`);
      assert.ok(operation.responses[status], `${method} ${path} answers ${status}`);
      assert.equal(operation["x-not-yet"] === true, status === 501);
      const { $ref: problem } = operation.responses.default;
      const described = document.components.responses[problem.replace("#/components/responses/", "")];
      assert.deepEqual(Object.keys(described.content), ["application/problem+json"], `${method} ${path}`);
    }
    const schema = document.paths["/v1/apps"].post.requestBody.content["application/json"].schema;
    const [, name] = /^#\/components\/schemas\/(.*)$/.exec(schema.$ref);
    const create = document.components.schemas[name];
    assert.deepEqual(create.required, ["prompt"]);
    assert.equal(create.additionalProperties, false);
    const kinds = ["invalid", "unauthenticated", "forbidden", "not_found", "conflict", "precondition_required", "too_large", "unprocessable"];
    for (const kind of kinds) {
      const explained = await stack.request(`/problems/${kind}`);
      assert.equal(explained.status, 200, kind);
      assert.match(explained.text, new RegExp(`^${kind}: `));
    }
    assertProblem(await stack.request("/problems/none"), "not_found");
  });
});

describe("a body that is cut off half-way", () => {
  const whole = JSON.stringify({ prompt: RECIPES });
  const half = whole.slice(0, whole.length / 2);
  const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

  for (const how of ["reset", "end"]) {
    test(`makes no app, and the same key can be used again (${how})`, async () => {
      const earlier = await state();
      for (const [index, framing] of ["length", "chunks"].entries()) {
        const key = `cut-${how}-${index}`;
        const headers = {
          host: `localhost:${stack.port}`, authorization: `Bearer ${stack.token}`, ...JSON_TYPE, "idempotency-key": key,
          ...(framing === "length" ? { "content-length": whole.length } : { "transfer-encoding": "chunked" }),
        };
        const body = framing === "length" ? half : chunk(half);
        const answer = await breakOff(stack.port, head("POST", "/v1/apps", headers) + body, how);
        assert.doesNotMatch(answer, /^HTTP\/1\.1 (2|500)/);
        assert.equal((await stack.request("/healthz")).status, 200);
        assert.deepEqual(await state(), earlier);
        const again = await send("POST", "/v1/apps", whole, { ...JSON_TYPE, "idempotency-key": key });
        assert.equal(again.status, 201, again.text);
        assert.equal((await stack.api("DELETE", `/v1/apps/${again.json().app.id}`)).status, 204);
      }
    });

    test(`leaves a file as it was (${how})`, async () => {
      const path = "src/app/theme.css";
      const file = await app.read(path);
      const headers = {
        host: `localhost:${stack.port}`, authorization: `Bearer ${stack.token}`, "if-match": file.etag, "content-length": 1000,
      };
      await breakOff(stack.port, head("PUT", `/v1/apps/${app.id}/files/${path}`, headers) + ":root {\n  --brand-hue: 1", how);
      assert.equal((await stack.request("/healthz")).status, 200);
      assert.deepEqual(await app.read(path), file);
    });
  }
});

describe("a body that says it is far too long", () => {
  test("is refused before any of it was sent", async () => {
    const headers = {
      host: `localhost:${stack.port}`, authorization: `Bearer ${stack.token}`, ...JSON_TYPE, "content-length": 20 * KIB * KIB,
    };
    const answer = await new Promise((resolve, reject) => {
      const socket = net.connect(stack.port, "127.0.0.1", () => socket.write(head("POST", "/v1/apps", headers)));
      socket.setEncoding("latin1");
      socket.setTimeout(10_000, () => socket.destroy(new Error("no answer")));
      socket.on("data", (text) => {
        resolve(text);
        socket.destroy();
      });
      socket.on("error", reject);
    });
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.equal((await stack.request("/healthz")).status, 200);
  });
});

describe("a prompt of exactly 64 KiB", () => {
  /** However long a prompt is, what reads it must not stand in the way of others. Milliseconds. */
  const PATIENCE = 10_000;
  const fill = (text) => text.repeat(Math.ceil((64 * KIB) / text.length)).slice(0, 64 * KIB);

  test("is taken, escaped to six times its size too", async () => {
    const words = fill("Thank you for all of this. ");
    const escaped = [...words].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
    const answer = await send("POST", `/v1/apps/${app.id}/messages`, `{"content":"${escaped}"}`);
    assert.equal(answer.status, 202, answer.text);
    await app.feed.turnFinished(answer.json().turn.id, { timeoutMs: PATIENCE });
    const message = (await app.messages()).findLast(({ role }) => role === "user");
    assert.equal(message.content, words);
  });

  for (const [what, text] of [
    ["words", fill("add more of everything to whatever there is ")],
    ["one word", fill("x")],
    ["wishes", fill("add a note to recipes. ")],
    ["lists", fill("name, ")],
    ["conjunctions", fill("and with ")],
    ["lines", fill("- a\n")],
    ["marks", fill("(\"'{[,;:. ")],
    ["letters of two bytes", "é".repeat(32 * KIB)],
  ]) {
    test(`of ${what} holds nobody up`, async () => {
      const started = Date.now();
      const turn = await app.say(text);
      const health = await stack.request("/healthz", { signal: AbortSignal.timeout(PATIENCE) });
      assert.equal(health.status, 200);
      const end = await app.feed.turnFinished(turn, { timeoutMs: PATIENCE });
      assert.ok(["completed", "failed"].includes(end.outcome));
      assert.ok(Date.now() - started < PATIENCE, `it took ${Date.now() - started} ms`);
    });
  }
});

test("nothing of all this was a panic", () => assertNoPanic(stack));
