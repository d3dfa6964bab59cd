// Packages added through the chat, from a registry of the tests: installed, built, cached, still there after the builder was
// killed; an invented one is refused with the nearest real name.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { startRegistry } from "../support/registry.mjs";

const packages = {
  greeting: { versions: { "1.0.0": {
    files: { "index.js": "import { word } from 'greeting-word'\nexport const greet = () => word + ' from the registry'\n" },
    manifest: { dependencies: { "greeting-word": "^1.0.0" }, scripts: { postinstall: "exit 1" } },
  } } },
  farewell: { versions: { "1.0.0": { files: { "index.js": "export const bye = 'bye'\n" } } } },
  thanks: { versions: { "1.0.0": { files: { "index.js": "export const thanks = 'thanks'\n" } } } },
  noise: { versions: { "1.0.0": { files: { "index.js": `export const noise = "${randomBytes(600_000).toString("hex")}"\n` } } } },
  "greeting-word": { versions: { "1.0.0": { files: { "index.js": "export const word = 'hello'\n" } } } },
};

let registry;
let stack;
let app;

before(async () => {
  registry = await startRegistry(packages);
  stack = await startStack({ env: { OVERSKILL_REGISTRY: registry.url } });
  app = await App.create(stack);
  await app.completed();
});

after(async () => {
  app?.close();
  await stack?.stop();
  await registry?.stop();
});

/** What the assistant said in a turn. */
async function answer(turn) {
  const messages = app.feed.of("message").filter((event) => event.turn === turn && event.role === "assistant");
  return messages.map(({ content }) => content).join("\n");
}

/** Everything that the preview loads as script. */
async function script() {
  const page = (await app.preview()).text;
  const [, path] = /<script type="module"[^>]* src="([^"]+)"/.exec(page);
  return (await app.preview(path)).text;
}

describe("a package in the chat", () => {
  test("is added with its lock file, installed without its scripts, and built", async () => {
    const turn = await app.say("add the package greeting");
    const end = await app.completed(turn);
    assert.match(await answer(turn), /greeting was added in version 1\.0\.0/);
    const list = JSON.parse((await app.read("package.json")).text);
    assert.equal(list.dependencies.greeting, "1.0.0");
    const lock = JSON.parse((await app.read("package-lock.json")).text);
    assert.equal(lock.packages["node_modules/greeting"].version, "1.0.0");
    assert.equal(await app.served(), end.version);
    assert.ok(registry.requests.some((path) => path.endsWith("greeting-1.0.0.tgz")));
  });

  test("is locked beside another one that was asked for in the same message", async () => {
    const turn = await app.say("add the packages farewell and thanks");
    await app.completed(turn);
    const { dependencies } = JSON.parse((await app.read("package.json")).text);
    const lock = JSON.parse((await app.read("package-lock.json")).text);
    for (const name of ["greeting", "farewell", "thanks"]) {
      assert.equal(dependencies[name], "1.0.0", name);
      assert.equal(lock.packages[`node_modules/${name}`]?.version, "1.0.0", name);
    }
    // Nothing was left for the build to resolve.
    await app.settled();
    assert.ok(app.feed.of("version_created").every((event) => event.author !== "system"));
  });

  test("is used by the app, and still there after the builder was killed", async () => {
    await stack.waitHealthy({ not: stack.killBuilder() });
    const asked = registry.requests.length;
    const home = await app.read("src/pages/Home.tsx");
    const text = `import { greet } from "greeting"\n${home.text}`.replace("<HeroPattern />", "<HeroPattern /><p>{greet()}</p>");
    assert.notEqual(text, home.text);
    const { version } = await app.write("src/pages/Home.tsx", text, home.etag);
    await app.live(version);
    assert.match(await script(), /from the registry/);
    assert.deepEqual(registry.requests.slice(asked), []);
  });

  test("that makes the app's script large is named, and nothing fails for it", async () => {
    await app.completed(await app.say("add the package noise"));
    const main = await app.read("src/main.tsx");
    const text = `import { noise } from "noise"\n${main.text}\n;(globalThis as Record<string, unknown>).noise = noise\n`;
    const { version } = await app.write("src/main.tsx", text, main.etag);
    await app.live(version);
    const end = app.feed.of("build_finished").find((event) => event.version === version);
    assert.equal(end.status, "succeeded");
    const { build: { sizes, report } } = await app.get(`/builds/${end.build}`);
    assert.equal(sizes.band, "warning", JSON.stringify(sizes));
    const { kind, name, page_bytes: bytes } = report.weights[0];
    assert.deepEqual([kind, name], ["package", "noise"]);
    assert.ok(bytes > 1_200_000 && bytes < 1_201_000, bytes);
    const [advice, ...others] = end.diagnostics.filter((one) => one.code === "size");
    assert.deepEqual(others, []);
    assert.equal(advice.severity, "warning");
    assert.match(advice.message, /^The app's script has \d+ KB of the 900 KB that it may have \([78]\d %\)\. This is the build of the preview/);
    assert.match(advice.suggestion, /^What weighs most, before compression: `noise` 1\.2 MB[,.].*`lazy`.*lighter package/);
    const inside = sizes.assets.filter((one) => one.place === "embedded");
    assert.ok(inside.some((one) => one.path.endsWith(".js") && one.gzip_bytes > 600_000 && one.bytes > 1_200_000), JSON.stringify(inside));
    const [small, , same, large] = sizes.what_if;
    assert.deepEqual([small.budget, same.script_bytes, large.script_bytes], [512_000, sizes.script_bytes, sizes.script_bytes]);
    assert.ok(small.script_bytes < 512_000 && small.without_room.bytes > 1_200_000, JSON.stringify(small));
    assert.deepEqual(app.feed.of("repair_started"), []);
    const now = await app.read("src/main.tsx");
    await app.live((await app.write("src/main.tsx", main.text, now.etag)).version);
    assert.deepEqual(app.feed.of("build_finished").at(-1).diagnostics, []);
  });

  test("that was invented is refused, with the names that were probably meant", async () => {
    const { version } = await app.show();
    const turn = await app.say("use rechart");
    await app.completed(turn);
    const said = await answer(turn);
    assert.match(said, /rechart was not added: The registry has no package `rechart`\. Did you mean `recharts`/);
    assert.match(said, /I changed nothing/);
    assert.equal((await app.show()).version, version);
  });

  test("put into package.json by hand fails the build where it stands", async () => {
    const file = await app.read("package.json");
    const { version } = await app.write("package.json", file.text.replace('"greeting"', '"gretings"'), file.etag);
    const end = await app.feed.find("the end of the build", (event) => event.kind === "build_finished" && event.version === version);
    assert.equal(end.status, "failed");
    const [first] = end.diagnostics;
    assert.deepEqual([first.code, first.path], ["unknown_package", "package.json"]);
    assert.equal(file.text.split("\n")[first.line - 1].trim(), '"greeting": "1.0.0",');
  });
});
