// The main job over HTTP: a prompt becomes a live app, a message changes it, a restore brings it back.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { startStack } from "../../xtask/local/harness.mjs";
import { App, RECIPES } from "../support/app.mjs";
import { readFeed } from "../support/feed.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

const PAGE = { accept: "text/html,application/xhtml+xml" };
const RATING = "add a rating from 1 to 5 to recipes";

let stack;
let app;
/** What the preview of version 2 looked like. */
let page;
let sizes;

before(async () => {
  stack = await startStack({ env: { OVERSKILL_DATA: "" } });
  app = await App.create(stack);
});

after(async () => {
  app?.close();
  await stack?.stop();
});

/** The addresses of a page's scripts and styles. */
function assets(html) {
  return [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) => match[1]);
}

/** The JSON that the page is told. */
function config(html) {
  const [, json] = /<script type="application\/json" id="overskill-config">(.*?)<\/script>/.exec(html) ?? [];
  return JSON.parse(json);
}

describe("a first prompt", () => {
  test("is answered with the app, its turn and where it will be", () => {
    const { created } = app;
    assert.match(created.id, /^[a-z][a-z0-9]{7,15}$/);
    assert.equal(created.preview_url, `http://preview-${created.id}.localhost:${stack.port}`);
    assert.equal(created.model, "offline");
    assert.ok(["creating", "working"].includes(created.status), created.status);
    assert.equal(created.version, null);
    assert.equal(created.preview_version, null);
    assert.ok(Math.abs(Date.now() - created.created_at) < 60_000);
    assert.ok(app.turn.length > 0);
  });

  test("is worked off to a live preview", async () => {
    const end = await app.completed();
    assert.equal(end.version, 2);
    const shown = await app.show();
    assert.equal(shown.status, "ready");
    assert.equal(shown.version, 2);
    assert.equal(shown.preview_version, 2);
    assert.notEqual(shown.name, "Untitled app");
  });

  test("leaves a feed that tells what happened, in the order in which it happened", async () => {
    await app.settled();
    const { events } = app.feed;
    assert.deepEqual(events.map((event) => event.seq), events.map((_, index) => index + 1));
    assert.ok(events.every((event, index) => index === 0 || event.at >= events[index - 1].at), "time does not run back");
    const [first] = events;
    assert.deepEqual({ kind: first.kind, role: first.role, content: first.content }, { kind: "message", role: "user", content: RECIPES });

    const order = [
      (event) => event.kind === "version_created" && event.version === 1 && event.author === "foundation",
      (event) => event.kind === "turn_started",
      (event) => event.kind === "step_started" && event.step === 1,
      (event) => event.kind === "tool_call",
      (event) => event.kind === "tool_result" && event.ok,
      (event) => event.kind === "file_changed" && event.by === "model",
      (event) => event.kind === "message" && event.role === "assistant",
      (event) => event.kind === "version_created" && event.version === 2 && event.author === "model" && event.parent === 1,
      (event) => event.kind === "build_queued" && event.version === 2,
      (event) => event.kind === "build_started" && event.version === 2,
      (event) => event.kind === "build_finished" && event.version === 2 && event.status === "succeeded",
      (event) => event.kind === "preview_live" && event.version === 2,
      (event) => event.kind === "turn_finished" && event.turn === app.turn && event.outcome === "completed",
    ];
    let at = -1;
    for (const matches of order) {
      const next = events.findIndex((event, index) => index > at && matches(event));
      assert.ok(next > at, `after event ${at + 1} nothing is ${matches}`);
      at = next;
    }

    const once = (kind, key) => {
      const keys = app.feed.of(kind).map(key);
      assert.equal(new Set(keys).size, keys.length, `${kind} twice: ${keys}`);
      return keys.sort();
    };
    assert.deepEqual(once("tool_call", (event) => event.call), once("tool_result", (event) => event.call));
    assert.deepEqual(once("build_queued", (event) => event.build), once("build_finished", (event) => event.build));
    assert.deepEqual(once("version_created", (event) => event.version), [1, 2]);
    assert.deepEqual(app.feed.of("tool_result").filter((event) => !event.ok), []);
    assert.equal(app.feed.connections, 1);
  });

  test("can be read again from anywhere: exactly the rest", async () => {
    const all = app.feed.events;
    const end = all.length;
    assert.deepEqual(await readFeed(stack, app.id, { upTo: end }), all);
    for (const cut of [1, Math.floor(end / 2), end - 1]) {
      assert.deepEqual(await readFeed(stack, app.id, { after: cut, upTo: end }), all.slice(cut));
    }
    const query = await stack.api("GET", `/v1/apps/${app.id}/feed?after=x`);
    assertProblem(query, "invalid", /after/);
  });

  test("has messages, versions and builds to look up", async () => {
    const messages = await app.messages();
    assert.deepEqual(messages.map(({ turn, role }) => ({ turn, role })), [
      { turn: app.turn, role: "user" },
      { turn: app.turn, role: "assistant" },
    ]);
    assert.equal(messages[0].content, RECIPES);

    const versions = await app.versions();
    assert.deepEqual(
      versions.map(({ number, parent, author, turn }) => ({ number, parent, author, turn })),
      [
        { number: 2, parent: 1, author: "model", turn: app.turn },
        { number: 1, parent: null, author: "foundation", turn: null },
      ],
    );
    assert.match(versions[0].summary, /recipe/i, "a version's summary says what changed");

    const [finished] = app.feed.of("build_finished").filter((event) => event.version === 2);
    const { build } = await app.get(`/builds/${finished.build}`);
    ({ sizes } = build);
    assert.equal(build.status, "succeeded");
    assert.equal(build.version, 2);
    assert.equal(build.mode, "development");
    assert.ok(build.attempts >= 1);
    assert.ok(build.report.timings.total_ms > 0);
    assert.ok(build.finished_at >= build.created_at);
    const log = await app.api("GET", `/builds/${finished.build}/log`);
    assert.equal(log.status, 200);
    assert.match(log.headers["content-type"], /^text\/plain/);
    assert.match(log.text, /\S/);
  });

  test("has files whose tags are the hashes of their contents", async () => {
    const { files } = await app.version(2);
    const listed = await app.get("/files?limit=200");
    assert.equal(listed.version, 2);
    assert.deepEqual(listed.files, files);
    assert.ok(files.some((file) => file.path === "src/resources/recipes.ts"));
    for (const file of files.filter(({ path }) => path.startsWith("src/resources/") || path.startsWith("src/app/"))) {
      const { bytes, etag } = await app.read(file.path);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), file.hash, file.path);
      assert.equal(etag, `"${file.hash}"`);
      assert.equal(bytes.length, file.size);
    }
    const [first] = files;
    const again = await app.fileCall("GET", first.path, { headers: { "if-none-match": `"${first.hash}"` } });
    assert.equal(again.status, 304);
    assert.equal(again.bytes.length, 0);
  });
});

describe("the preview", () => {
  test("is a page with its configuration, not to be indexed, to be framed by the console alone", async () => {
    page = await app.preview();
    assert.equal(page.status, 200);
    assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
    assert.equal(page.headers["cache-control"], "no-cache");
    assert.match(page.headers["x-robots-tag"], /noindex/);
    assert.match(page.headers["content-security-policy"], new RegExp(`frame-ancestors http://localhost:${stack.port}(;|$)`));
    assert.deepEqual(config(page.text), { app_id: app.id, environment: "preview" });
    assert.equal(page.headers["set-cookie"], undefined);
    assert.equal(await app.served(), 2);
  });

  test("serves its assets with their types, to be kept for ever", async () => {
    const paths = assets(page.text);
    assert.ok(paths.some((path) => path.endsWith(".js")), `scripts among ${paths}`);
    assert.ok(paths.some((path) => path.endsWith(".css")), `styles among ${paths}`);
    for (const path of paths) {
      const asset = await app.preview(path);
      assert.equal(asset.status, 200, path);
      assert.match(asset.headers["content-type"], path.endsWith(".js") ? /^text\/javascript/ : /^text\/css/);
      assert.match(asset.headers["cache-control"], /immutable/);
      assert.match(asset.headers["cache-control"], /max-age=31536000/);
      assert.equal(asset.headers["x-content-type-options"], "nosniff");
      assert.ok(asset.bytes.length > (path.includes("/overskill-vendor/") ? 50 : 1_000), path);
      const again = await app.preview(path, { headers: { "if-none-match": asset.headers.etag } });
      assert.equal(again.status, 304);
      const head = await app.preview(path, { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.equal(head.bytes.length, 0);
    }
  });

  test("has what first paint needs in its script, and gives it in gzip to whoever takes that", async () => {
    const own = assets(page.text).filter((path) => !path.includes("/overskill-vendor/"));
    assert.ok(own.length >= 2);
    for (const path of own) {
      const plain = await app.preview(path);
      assert.equal(plain.headers["content-encoding"], undefined);
      assert.equal(plain.headers.vary?.toLowerCase(), "accept-encoding", path);
      // Who would rather have another coding may get it from the platform.
      for (const [codings, expected] of [
        ["gzip", ["gzip"]], ["gzip, deflate, br, zstd", ["gzip"]], ["GZIP;q=0.1", ["gzip"]], ["br, *;q=0.5", ["gzip", "br"]], ["br", ["none", "br"]],
        ["gzip;q=0", ["none"]], ["identity", ["none"]],
      ]) {
        const answer = await app.preview(path, { headers: { "accept-encoding": codings } });
        assert.equal(answer.status, 200);
        const coding = answer.headers["content-encoding"] ?? "none";
        assert.ok(expected.includes(coding), `${path}: ${coding} for ${codings}`);
        const decoded = { gzip: gunzipSync, br: brotliDecompressSync, none: (bytes) => bytes }[coding](answer.bytes);
        assert.ok(decoded.equals(plain.bytes), `${path}: ${codings}`);
        if (coding === "gzip") assert.equal(answer.headers.etag, `W/${plain.headers.etag}`);
        const again = await app.preview(path, { headers: { "accept-encoding": codings, "if-none-match": answer.headers.etag } });
        assert.equal(again.status, 304);
      }
      const part = await app.preview(path, { headers: { range: "bytes=3-9" } });
      assert.deepEqual([part.status, part.headers["content-encoding"]], [206, undefined]);
      assert.ok(part.bytes.equals(plain.bytes.subarray(3, 10)));
    }
    const { embedded, external } = sizes;
    assert.equal(embedded.files, own.length + 1);
    assert.ok(external.files > 0);
  });

  test("serves the part of an asset that is asked for, and all of it when the part makes no sense", async () => {
    const [path] = assets(page.text);
    const whole = await app.preview(path);
    assert.equal(whole.headers["accept-ranges"], "bytes");
    const { bytes, headers: { etag } } = whole;
    const size = bytes.length;
    const get = (range, more = {}) => app.preview(path, { headers: { range, ...more } });
    for (const [range, first, end, more] of [
      ["bytes=0-0", 0, 1], ["bytes=10-19", 10, 20], [`bytes=${size - 5}-`, size - 5, size], ["bytes=-7", size - 7, size],
      [`bytes=-${size * 2}`, 0, size], [`bytes=5-${size * 2}`, 5, size], [" bytes=1-2 ", 1, 3], ["bytes=1-2", 1, 3, { "if-range": etag }],
    ]) {
      const answer = await get(range, more);
      assert.equal(answer.status, 206, range);
      assert.equal(answer.headers["content-range"], `bytes ${first}-${end - 1}/${size}`);
      assert.equal(answer.headers.etag, etag);
      assert.ok(answer.bytes.equals(bytes.subarray(first, end)), range);
    }
    for (const range of [`bytes=${size}-`, `bytes=${size}-${size + 1}`, "bytes=-0", `bytes=${"9".repeat(400)}-`]) {
      const answer = await get(range);
      assert.equal(answer.status, 416, range);
      assert.equal(answer.headers["content-range"], `bytes */${size}`);
    }
    for (const [range, more] of [
      ["bytes=1-2,5-6"], ["bytes=5-1"], ["bytes=-"], ["bytes=x-y"], ["items=0-1"], ["bytes=1-2", { "if-range": '"other"' }],
      ["bytes=1-2", { "if-range": `W/${etag}` }], ["bytes=1-2", { "if-range": new Date().toUTCString() }],
    ]) {
      const answer = await get(range, more);
      assert.equal(answer.status, 200, range);
      assert.ok(answer.bytes.equals(bytes), range);
    }
    assert.equal((await get("bytes=1-2", { "if-none-match": etag })).status, 304);
    const head = await app.preview(path, { method: "HEAD", headers: { range: "bytes=1-2" } });
    assert.deepEqual([head.status, head.headers["content-length"]], [200, String(size)]);
  });

  test("answers every navigation with the page, and what is not there with 404", async () => {
    for (const path of ["/recipes", "/recipes/new", "/no/such/page?x=1"]) {
      const answer = await app.preview(path, { headers: PAGE });
      assert.equal(answer.status, 200, path);
      assert.equal(answer.text, page.text, path);
    }
    for (const path of ["/missing.js", "/assets/index-00000000.js", "/assets/x", "/favicon-missing.png"]) {
      const answer = await app.preview(path, { headers: PAGE });
      assert.equal(answer.status, 404, path);
      assert.doesNotMatch(answer.headers["content-type"], /html/);
    }
    assert.equal((await app.preview("/recipes", { headers: { accept: "application/json" } })).status, 404);
    const post = await app.preview("/", { method: "POST", body: "x" });
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, "GET, HEAD");
  });
});

describe("a later message", () => {
  test("changes the running app by line edits", async () => {
    const mark = app.feed.events.length;
    const turn = await app.say(RATING);
    const end = await app.completed(turn);
    assert.equal(end.version, 3);
    const events = app.feed.events.slice(mark);
    const [defined, ...calls] = events.filter((event) => event.kind === "tool_call" && event.name !== "view_file");
    assert.equal(defined.name, "define_tables");
    assert.ok(calls.length > 0);
    assert.deepEqual([...new Set(calls.map((call) => call.name))], ["edit_lines"]);

    const [before, now] = await Promise.all([app.version(2), app.version(3)]);
    assert.deepEqual({ parent: now.version.parent, author: now.version.author, turn: now.version.turn }, { parent: 2, author: "model", turn });
    const old = new Map(before.files.map((file) => [file.path, file.hash]));
    assert.deepEqual(now.files.map((file) => file.path), before.files.map((file) => file.path));
    const changed = now.files.filter((file) => old.get(file.path) !== file.hash).map((file) => file.path);
    assert.deepEqual(changed, [...new Set([...calls.map((call) => call.path), "src/app/tables.ts"])].sort(), "exactly what was said to change");
    assert.ok(changed.includes("src/resources/recipes.ts"));

    // The feed says what the model was told, what landed where and at what cost, and that nothing is broken.
    const outline = events.find((event) => event.kind === "app_outlined").outline;
    assert.match(outline, /^src\/resources\/\n recipes\.ts: /m);
    const hashes = new Map(now.files.map((file) => [file.path, file.hash]));
    const receipts = events.filter((event) => event.kind === "tool_result" && event.tokens).flatMap((event) => event.receipts);
    assert.deepEqual(receipts.map(({ path, before, hash }) => [path, before, hash]), calls.map(({ path }) => [path, old.get(path), hashes.get(path)]));
    assert.ok(receipts.every(({ edits }) => edits.every((edit) => edit.likeness === "exact" && !edit.relocated)));
    assert.deepEqual(events.filter((event) => event.kind === "app_checked").map((event) => event.findings), [[], []], "of the tables, and of the edits");
    assert.equal(end.edits.calls, calls.length);
    assert.ok(end.edits.spent > 0 && end.edits.spent < end.edits.rewrite && end.app_edits.spent > end.edits.spent);

    const { text } = await app.read("src/resources/recipes.ts");
    assert.match(text, /name: "rating".*kind: "rating".*min: 1, max: 5/);

    assert.equal(await app.served(), 3);
    const changedPage = await app.preview();
    assert.notDeepEqual(assets(changedPage.text), assets(page.text));
    for (const path of assets(page.text)) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await app.preview(path, { method });
        assert.equal(answer.status, 200, `${method} ${path}, of a page that was opened before`);
        assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
      }
    }
    for (const path of ["/assets/index-00000000.js", "/assets/x"]) assert.equal((await app.preview(path)).status, 404, path);
    const shown = await app.show();
    assert.deepEqual([shown.status, shown.version, shown.preview_version], ["ready", 3, 3]);
  });

  test("waits while another is worked on, and is not lost", async () => {
    const first = await app.say("add a source to recipes");
    const second = await app.say("add a cuisine to recipes");
    const [one, two] = [await app.completed(first), await app.completed(second)];
    assert.ok(one.seq < two.seq);
    assert.equal(two.version, 5);
    const { text } = await app.read("src/resources/recipes.ts");
    for (const name of ["title", "rating", "source", "cuisine"]) assert.match(text, new RegExp(`name: "${name}"`));
    assert.equal(await app.served(), 5);
  });
});

describe("a restore", () => {
  test("makes a version equal to the one before the message, file for file, and it goes live", async () => {
    const answer = await app.api("POST", "/versions/2/restore");
    assert.equal(answer.status, 201, answer.text);
    const { version } = answer.body;
    assert.deepEqual(
      { number: version.number, parent: version.parent, author: version.author, turn: version.turn },
      { number: 6, parent: 5, author: "restore", turn: null },
    );
    const [restored, original] = await Promise.all([app.version(6), app.version(2)]);
    assert.deepEqual(restored.files, original.files);
    assert.deepEqual((await app.get("/files?limit=200")).files, original.files);
    await app.live(6);
    assert.equal(await app.served(), 6);
    assert.equal((await app.preview()).text, page.text, "the same page with the same assets");
    assert.deepEqual((await app.versions()).map(({ number }) => number), [6, 5, 4, 3, 2, 1], "nothing is taken away");
  });

  test("of a version that is not there is refused", async () => {
    assertProblem(await app.api("POST", "/versions/99/restore"), "not_found", /version/);
    assertProblem(await app.api("POST", "/versions/0/restore"), "not_found", /version/);
    assert.equal((await app.show()).version, 6);
  });
});

describe("what is no wish to change the app", () => {
  for (const [what, words, says] of [
    ["a question", "What fields do recipes have?", /cooking minutes/i],
    ["an unsupported prompt", "write me a poem about the sea", /did not understand.*(nothing|unchanged)/is],
  ]) {
    test(`${what} is answered and changes nothing`, async () => {
      await app.settled();
      const files = (await app.get("/files?limit=200")).files;
      const mark = app.feed.events.length;
      const turn = await app.say(words);
      const end = await app.completed(turn);
      assert.equal(end.version, 6);
      const kinds = new Set(app.feed.events.slice(mark).map((event) => event.kind));
      for (const kind of ["file_changed", "version_created", "build_queued", "preview_live", "app_renamed"]) {
        assert.ok(!kinds.has(kind), kind);
      }
      const reply = (await app.messages()).findLast((message) => message.turn === turn);
      assert.equal(reply.role, "assistant");
      assert.match(reply.content, says);
      assert.deepEqual((await app.get("/files?limit=200")).files, files);
      assert.equal(await app.served(), 6);
      assert.equal((await app.show()).status, "ready");
    });
  }

  test("an unsupported first prompt says so too, and leaves the bare foundation", async () => {
    const other = await App.create(stack, "build a 3D racing game with levels and enemies");
    try {
      const end = await other.completed();
      assert.equal(end.version, 1);
      assert.match((await other.messages()).at(-1).content, /did not understand/i);
      assert.deepEqual((await other.versions()).map(({ author }) => author), ["foundation"]);
      await other.live(1);
      const preview = await other.preview();
      assert.equal(preview.status, 200);
      assert.equal(config(preview.text).app_id, other.id);
    } finally {
      other.close();
    }
  });
});

describe("an app in the workspace", () => {
  test("is listed, newest first, page by page", async () => {
    const all = (await stack.api("GET", "/v1/apps")).body.apps;
    assert.equal(all.length, 2);
    assert.equal(all[1].id, app.id);
    const first = (await stack.api("GET", "/v1/apps?limit=1")).body;
    assert.deepEqual(first.apps.map(({ id }) => id), [all[0].id]);
    const second = (await stack.api("GET", `/v1/apps?limit=1&cursor=${first.next_cursor}`)).body;
    assert.deepEqual(second.apps.map(({ id }) => id), [app.id]);
    assert.equal(second.next_cursor, null);
  });

  test("is renamed without a build", async () => {
    await app.settled();
    const mark = app.feed.events.length;
    const renamed = await app.api("PATCH", "", { name: "  Grandma's kitchen  " });
    assert.equal(renamed.status, 200, renamed.text);
    assert.equal(renamed.body.app.name, "Grandma's kitchen");
    await app.feed.find("new name", (event) => event.kind === "app_renamed" && event.name === "Grandma's kitchen", { from: mark });
    assert.deepEqual(app.feed.events.slice(mark).map((event) => event.kind), ["app_renamed"]);
  });

  test("is built by hand in both modes; only the development build touches the preview", async () => {
    for (const mode of ["production", "development"]) {
      const mark = app.feed.events.length;
      const started = await app.api("POST", "/builds", { mode });
      assert.equal(started.status, 202, started.text);
      const { id } = started.body.build;
      const end = await app.feed.find(`end of build ${id}`, (event) => event.kind === "build_finished" && event.build === id);
      assert.equal(end.status, "succeeded", JSON.stringify(end));
      assert.equal((await app.get(`/builds/${id}`)).build.mode, mode);
      if (mode === "development") await app.feed.find("preview", (event) => event.kind === "preview_live" && event.build === id, { from: mark });
      else assert.ok(!app.feed.events.slice(mark).some((event) => event.kind === "preview_live"));
    }
  });

  test("is gone when it is deleted, preview and all", async () => {
    app.close();
    const gone = await app.api("DELETE", "");
    assert.equal(gone.status, 204, gone.text);
    assertProblem(await app.api("GET", ""), "not_found");
    assertProblem(await app.api("GET", "/feed"), "not_found");
    assertProblem(await app.api("POST", "/messages", { content: "hello" }), "not_found");
    assertProblem(await app.api("GET", "/files/src%2Fapp%2Froutes.tsx"), "not_found");
    assert.equal((await app.preview()).status, 404);
    const left = (await stack.api("GET", "/v1/apps")).body.apps;
    assert.ok(!left.some(({ id }) => id === app.id));
    assertNoPanic(stack);
  });
});
