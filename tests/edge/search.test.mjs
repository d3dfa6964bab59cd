// Search in an app's files, and what is different between its versions, over HTTP.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

const KIB = 1024;

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

/** A call with its query encoded. */
function call(path, query) {
  return app.api("GET", `${path}?${new URLSearchParams(query)}`);
}

async function search(query) {
  const answer = await call("/search", query);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

async function diff(version, query = {}) {
  const answer = await call(`/versions/${version}/diff`, query);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

/** Writes a file whether or not it is there; the version that holds it. */
async function write(path, content) {
  const there = await app.fileCall("GET", path);
  const { version } = await app.write(path, content, there.status === 200 ? there.headers.etag : undefined);
  return version;
}

/** What a diff makes of the old lines, endings included. */
function patched(before, { hunks }) {
  const old = before.split(/(?<=\n)/).filter((line) => line !== "");
  const ending = { lf: "\n", crlf: "\r\n", none: "" };
  const lines = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = hunk.old_start - (hunk.old_lines > 0 ? 1 : 0);
    lines.push(...old.slice(at, start));
    at = start;
    for (const line of hunk.lines) {
      const text = line.text + ending[line.ending];
      if (line.change !== "added") assert.equal(old[at++], text);
      if (line.change !== "deleted") lines.push(text);
    }
  }
  return [...lines, ...old.slice(at)].join("");
}

describe("a search", () => {
  test("finds what is there, in every file and with its place", async () => {
    const { files } = await app.get("/files?limit=200");
    const texts = new Map();
    for (const { path } of files.filter(({ path }) => path.startsWith("src/") && /\.tsx?$/.test(path))) {
      texts.set(path, (await app.read(path)).text);
    }
    const expected = [...texts].flatMap(([path, text]) => {
      const lines = text.split("\n").flatMap((line, index) => {
        const at = line.search(/\buse[A-Z]\w+\(/);
        return at < 0 ? [] : [{ line: index + 1, column: at + 1, text: line }];
      });
      return lines.length ? [{ path, lines }] : [];
    });
    const found = await search({ query: "\\buse[A-Z]\\w+\\(", include: "src/**/*.{ts,tsx}", case_sensitive: "true" });
    assert.ok(expected.length > 10);
    assert.deepEqual(
      found.files.map(({ path, hits }) => ({ path, lines: hits.map(({ line, column, text }) => ({ line, column, text: text.text })) })),
      expected,
    );
    assert.equal(found.searched, texts.size);
    assert.equal(found.count, expected.reduce((sum, { lines }) => sum + lines.length, 0));
    assert.equal(found.shown, found.count);
    assert.deepEqual([found.version, found.literal, found.skipped], [2, null, []]);
  });

  test("for a plain name begins with where it is defined", async () => {
    const { definitions } = await search({ query: "RecordCard" });
    const { text } = await app.read("src/components/resource/RecordCard.tsx");
    const line = text.split("\n").findIndex((line) => /function RecordCard\b/.test(line)) + 1;
    assert.deepEqual(definitions[0], { name: "RecordCard", kind: "component", path: "src/components/resource/RecordCard.tsx", line });
    assert.deepEqual((await search({ query: "RecordCard.*" })).definitions, []);
  });

  test("takes globs, case and context as they are meant", async () => {
    await write("notes/a.md", "one\nTwo needle\nthree\n");
    await write("notes/deep/b.txt", "NEEDLE");
    const paths = async (query) => (await search({ query: "needle", ...query })).files.map(({ path }) => path);
    assert.deepEqual(await paths({}), ["notes/a.md", "notes/deep/b.txt"]);
    assert.deepEqual(await paths({ case_sensitive: "true" }), ["notes/a.md"]);
    for (const [include, exclude, expected] of [
      ["notes", "", 2], ["notes/", "", 2], ["./notes/*", "", 1], ["*.txt", "", 1], ["**/deep/**", "", 1], ["*.{md,txt}", "notes/deep/", 1],
      ['["*.md","*.txt"]', "", 2], ["*.md,*.txt", "*.md", 1], ["src/", "", 0], ["!notes/deep", "", 1],
    ]) {
      assert.equal((await paths({ include, exclude })).length, expected, `${include} without ${exclude}`);
    }
    const { files: [{ hits: [hit] }] } = await search({ query: "needle", include: "*.md", context: "1" });
    assert.deepEqual(hit, {
      line: 2, column: 5, last_line: 2, text: { text: "Two needle", cut: false },
      before: [{ text: "one", cut: false }], after: [{ text: "three", cut: false }],
    });
  });

  test("says when it took an expression literally, and names what it left out", async () => {
    await write("notes/c.txt", "call(x\n");
    const literal = await search({ query: "call(x", include: "notes/" });
    assert.equal(literal.literal, "unclosed group");
    assert.equal(literal.count, 1);
    await write("notes/logo.bin", Buffer.from([1, 0xff, 0xfe]));
    await write("notes/large.txt", "x".repeat(300 * KIB));
    const { skipped } = await search({ query: "x", include: "notes/" });
    assert.deepEqual(skipped, [{ path: "notes/large.txt", reason: "large" }, { path: "notes/logo.bin", reason: "binary" }]);
  });

  test("shares out what it shows, and counts the rest", async () => {
    await write("notes/many.txt", "plenty\n".repeat(10_000));
    await write("notes/more.txt", "plenty\n".repeat(3));
    const found = await search({ query: "plenty" });
    assert.deepEqual(
      found.files.map(({ path, count, hits }) => [path, count, hits.length]),
      [["notes/many.txt", 10_000, 200], ["notes/more.txt", 3, 3]],
    );
    assert.deepEqual([found.count, found.shown], [10_003, 203]);
  });

  test("of an expression made to blow up ends soon", async () => {
    await write("notes/evil.txt", `${"a".repeat(50_000)}!\n`.repeat(4));
    for (const query of ["(a+)+$", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)=", "[ab]*a[ab]{200}c", "(?s)a.*\\n.*b"]) {
      const started = Date.now();
      const found = await search({ query, include: "notes/evil.txt" });
      assert.equal(found.searched + found.skipped.length, 1, query);
      assert.ok(Date.now() - started < 10_000, `${query} took ${Date.now() - started} ms`);
    }
  });

  test("that makes no sense is refused", async () => {
    for (const [query, says] of [
      [{}, /query/], [{ query: "" }, /nothing to search/], [{ query: "x".repeat(1_001) }, /1000/], [{ query: "((a{99}){99}){99}" }, /too large/],
      [{ query: "a", include: "src/{a" }, /`\{` is never closed/], [{ query: "a", exclude: "../x" }, /leaves the project/],
      [{ query: "a", include: "src\\a" }, /write `\/`/], [{ query: "a", context: "11" }, /at most 10/], [{ query: "a", context: "x" }, /context/],
      [{ query: "a", case_sensitive: "maybe" }, /true/], [{ query: "a", regex: "1" }, /regex/],
    ]) {
      assertProblem(await call("/search", query), "invalid", says);
    }
    assertProblem(await stack.request(`/v1/apps/${app.id}/search?query=a`), "unauthenticated");
    assertProblem(await stack.api("GET", "/v1/apps/abcdefgh/search?query=a"), "not_found");
    assertProblem(await app.api("POST", "/search?query=a", {}), "method_not_allowed");
  });
});

describe("a comparison of versions", () => {
  test("with the parent says exactly what a turn has changed", async () => {
    const [one, two] = [await app.version(1), await app.version(2)];
    const { from, to, count, files } = await diff(2);
    assert.deepEqual([from, to, count], [1, 2, files.length]);
    const hashes = ({ files }) => new Map(files.map(({ path, hash }) => [path, hash]));
    const [old, now] = [hashes(one), hashes(two)];
    const expected = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path)).sort();
    assert.ok(expected.length > 1);
    assert.deepEqual(files.map(({ path }) => path), expected);
    for (const file of files) {
      assert.equal(file.before?.hash, old.get(file.path), file.path);
      assert.equal(file.after?.hash, now.get(file.path), file.path);
      assert.equal(file.change, old.has(file.path) ? (now.has(file.path) ? "modified" : "deleted") : "added");
    }
    assert.deepEqual(await diff(2, { from: 1 }), { from, to, count, files, next_cursor: null });
    const same = await diff(2, { from: 2 });
    assert.deepEqual(same, { from: 2, to: 2, count: 0, files: [], next_cursor: null });
    const back = await diff(1, { from: 2 });
    assert.deepEqual(back.files.map(({ added, deleted }) => [deleted, added]), files.map(({ added, deleted }) => [added, deleted]));
  });

  test("of a first version shows everything as new, page by page", async () => {
    const { files } = await app.version(1);
    const paths = [];
    let cursor = "";
    do {
      const page = await diff(1, { limit: 20, cursor });
      assert.deepEqual([page.from, page.count], [null, files.length]);
      assert.ok(page.files.length <= 20);
      assert.ok(page.files.every(({ change, before }) => change === "added" && before === null));
      paths.push(...page.files.map(({ path }) => path));
      cursor = page.next_cursor;
    } while (cursor !== null);
    assert.deepEqual(paths, files.map(({ path }) => path));
  });

  test("keeps line endings, the byte order mark and a missing final line break", async () => {
    const texts = ["\ufeffone\r\ntwo\r\nthree", "one\r\ntwo\nthree\n", "one\r\nzwei\nthree\nfour"];
    const versions = [];
    for (const text of texts) versions.push(await write("notes/endings.txt", text));
    for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) {
      const { files } = await diff(versions[to], { from: versions[from] });
      const file = files.find(({ path }) => path === "notes/endings.txt");
      assert.equal(file.change, "modified");
      assert.equal(patched(texts[from], file), texts[to]);
    }
    const { files: [file] } = await diff(versions[1]);
    assert.deepEqual(file.hunks, [{
      old_start: 1, old_lines: 3, new_start: 1, new_lines: 3,
      lines: [
        { change: "deleted", text: "\ufeffone", ending: "crlf" }, { change: "deleted", text: "two", ending: "crlf" },
        { change: "deleted", text: "three", ending: "none" }, { change: "added", text: "one", ending: "crlf" },
        { change: "added", text: "two", ending: "lf" }, { change: "added", text: "three", ending: "lf" },
      ],
    }]);
  });

  test("shows a binary file by its hashes, and says what it cut of a large one", async () => {
    const first = await write("notes/blob.bin", Buffer.from([0xff, 1]));
    const second = await write("notes/blob.bin", Buffer.from([0xff, 2, 3]));
    const { files: [binary] } = await diff(second, { from: first });
    assert.deepEqual([binary.binary, binary.change, binary.hunks, binary.before.size, binary.after.size], [true, "modified", [], 2, 3]);

    const large = await write("notes/big.txt", "0123456789abcdef\n".repeat(8 * KIB));
    const { files: [file] } = await diff(large);
    assert.equal(file.added, 8 * KIB);
    const shown = file.hunks[0].lines.length;
    assert.equal(shown, Math.floor((64 * KIB) / 17));
    assert.deepEqual(file.cut, { hunks: 0, lines: 8 * KIB - shown });
  });

  test("that makes no sense is refused", async () => {
    for (const query of ["from=0", "from=x", "from=-1", "to=1", "limit=0", "limit=201", "cursor=zz", "from=1&from=2"]) {
      assertProblem(await app.api("GET", `/versions/2/diff?${query}`), "invalid");
    }
    for (const target of ["/versions/999/diff", "/versions/0/diff", "/versions/x/diff", "/versions/2/diff?from=999"]) {
      assertProblem(await app.api("GET", target), "not_found");
    }
    assertProblem(await stack.api("GET", "/v1/apps/abcdefgh/versions/1/diff"), "not_found");
    assertProblem(await stack.request(`/v1/apps/${app.id}/versions/2/diff`), "unauthenticated");
  });
});

test("nothing of all this was a panic", () => assertNoPanic(stack));
