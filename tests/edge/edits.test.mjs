// Edits by hand: every file or none, each at its proven place, and never over what somebody else has changed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertNoPanic, assertProblem } from "../support/problem.mjs";

const A = "src/lib/edits-a.ts";
const B = "src/lib/edits-b.css";
const TEXT_A = "export const one = 1\r\nexport const two = 2\r\nexport const three = 3\r\n";
const TEXT_B = ".one {\n  color: red;\n}\n";

let stack;
let app;

before(async () => {
  stack = await startStack();
  app = await App.create(stack);
  await app.completed();
  await app.settled();
  await app.write(A, TEXT_A);
  await app.write(B, TEXT_B);
});

after(async () => {
  app?.close();
  await stack?.stop();
});

function edit(search, line, replacement) {
  return { search, first_line: line, last_line: line + search.split("\n").length - 1, replacement };
}

function send(files, headers) {
  return app.api("POST", "/edits", { files }, headers);
}

async function landed(files, headers) {
  const answer = await send(files, headers);
  assert.equal(answer.status, 200, answer.text);
  return answer.json();
}

async function contents() {
  return [(await app.read(A)).text, (await app.read(B)).text];
}

describe("what a turn breaks", () => {
  test("is in the feed before the build fails of it", async () => {
    const home = "src/pages/Home.tsx";
    const { text, etag } = await app.read(home);
    await app.write(home, `import { recipes } from "@/resources/recipes"\n${text}\nexport const known = recipes\n`, etag);
    await app.settled();
    const mark = app.feed.events.length;
    const turn = await app.say("remove recipes");
    const end = await app.feed.find("the end of the turn", (event) => event.kind === "turn_finished" && event.turn === turn);
    assert.equal(end.outcome, "failed");
    const events = app.feed.events.slice(mark);
    const [checked] = events.filter((event) => event.kind === "app_checked");
    assert.deepEqual(checked.findings.map(({ severity, path, line, code }) => [severity, path, line, code]), [["error", home, 1, "unresolved_import"]]);
    const built = events.find((event) => event.kind === "build_finished" && event.status === "failed");
    assert.deepEqual(built.diagnostics.map(({ path, line }) => [path, line]), [[home, 1]]);
    const now = await app.read(home);
    await app.write(home, text, now.etag);
    await app.settled();
  });
});

describe("edits by hand", () => {
  test("land in several files as one version, once for a key", async () => {
    const before = await app.show();
    const files = [
      { path: A, edits: [edit("export const three = 3", 3, "export const three = \"$&\""), edit("export const one = 1", 1, "")] },
      { path: B, edits: [edit("  color: red;", 7, "  color: blue;\n  margin: 0;")] },
    ];
    const headers = { "idempotency-key": "edits-1" };
    const answer = await landed(files, headers);
    assert.deepEqual(await contents(), [
      "export const two = 2\r\nexport const three = \"$&\"\r\n",
      ".one {\n  color: blue;\n  margin: 0;\n}\n",
    ]);
    assert.equal(answer.version, before.version + 1);
    const [a, b] = answer.files;
    assert.deepEqual(a.edits.map(({ first_line, removed, added, relocated }) => [first_line, removed, added, relocated]), [[3, 1, 1, false], [1, 1, 0, false]]);
    assert.deepEqual([b.edits[0].first_line, b.edits[0].relocated], [2, true]);
    assert.equal((await app.fileCall("GET", A)).headers.etag, `"${a.hash}"`);
    assert.deepEqual(await landed(files, headers), answer);
    assert.equal((await app.show()).version, answer.version);
  });

  test("change nothing when one of them has no place, or breaks its file", async () => {
    const [a, b] = await contents();
    const { version } = await app.show();
    const good = { path: A, edits: [edit("export const two = 2", 1, "export const two = 22")] };
    for (const [bad, fits] of [
      [{ path: B, edits: [edit(".two {", 1, ".three {")] }, /do not hold the search text/],
      [{ path: B, edits: [edit("}", 4, "}\n}")] }, /would be broken by this/],
    ]) {
      const problem = assertProblem(await send([good, bad]), "conflict", fits);
      assert.equal(problem.path, B);
      assert.match(problem.lines, /margin: 0/);
      assert.deepEqual(await contents(), [a, b]);
    }
    assert.equal((await app.show()).version, version);
  });

  test("are a conflict where the file is another than they are stated against", async () => {
    const base = (await app.fileCall("GET", B)).headers.etag.replaceAll('"', "");
    const text = (await app.read(B)).text;
    await app.write(B, text.replace("blue", "green"), `"${base}"`);
    const wanted = [{ path: B, base, edits: [edit("  color: blue;", 2, "  color: black;")] }];
    const problem = assertProblem(await send(wanted), "conflict", /has changed since/);
    assert.match(problem.base_lines, /color: blue/);
    assert.match(problem.lines, /color: green/);
    assert.match((await app.read(B)).text, /green/);
    await landed([{ path: B, base: problem.current, edits: [edit("  color: green;", 2, "  color: black;")] }]);
  });

  test("of files that are too deep or too wide for a parser land, and the next file is guarded as before", async () => {
    for (const [what, hostile] of [
      ["brackets", `${"(".repeat(60_000)}1${")".repeat(60_000)}`],
      ["open", "[".repeat(200_000)],
      ["chain", `1${" + 1".repeat(100_000)}`],
      ["array", `[${"1,".repeat(200_000)}]`],
    ]) {
      const path = `src/lib/hostile-${what}.ts`;
      await app.write(path, `export const one = 1\nexport const rest = ${hostile}\n`);
      await landed([{ path, edits: [edit("export const one = 1", 1, "export const one = 2")] }]);
      assert.match((await app.read(path)).text, /^export const one = 2\n/, what);
      assertProblem(await send([{ path: B, edits: [edit("}", 4, "}\n}")] }]), "conflict", /would be broken by this/);
    }
    assertNoPanic(stack);
  });

  test("say what is wrong with them", async () => {
    const fine = [edit("x", 1, "y")];
    for (const [body, kind, field] of [
      [{ files: [] }, "invalid", "files"],
      [{ files: [{ path: "../x", edits: fine }] }, "invalid", "files[0].path"],
      [{ files: [{ path: A, edits: fine }, { path: A, edits: fine }] }, "invalid", "files[1].path"],
      [{ files: [{ path: A, edits: [] }] }, "invalid", "files[0].edits"],
      [{ files: [{ path: A, edits: [{ ...fine[0], first_line: "1" }] }] }, "invalid", "files[0].edits[0].first_line"],
      [{ files: [{ path: "src/missing.ts", edits: fine }] }, "not_found"],
      [{ files: [{ path: A, edits: [{ ...fine[0], first_line: 0 }] }] }, "conflict"],
    ]) {
      const problem = assertProblem(await app.api("POST", "/edits", body), kind);
      if (field) assert.equal(problem.field, field);
    }
    assertNoPanic(stack);
  });
});
