// The parser's own module: closed, and taken down by a file alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ParserHost, builtModule } from "../support/parser.mjs";
import { TRAP } from "../support/trap.mjs";

const MIB = 1024 * 1024;
/** The largest memory of the parser. */
const MOST = 48 * MIB;
/** Generous, since checks share their machine: what hangs takes far longer. */
const SOON_MS = 5_000;
/** The same for the largest files, a hundred thousand facts each. */
const LATE_MS = 15_000;
const GOOD = "export function Card() {\n  return <p>{1}</p>;\n}\n";

test("the module wants its memory alone of its host, and offers what the shim calls", () => {
  const module = new WebAssembly.Module(builtModule());
  assert.deepEqual(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
  const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
  assert.deepEqual(functions.map(({ name }) => name).sort(), ["facts", "input", "output"]);
});

test("the module takes no memory that could grow over 48 MiB", () => {
  const module = new WebAssembly.Module(builtModule());
  const instance = (maximum) => new WebAssembly.Instance(module, { env: { memory: new WebAssembly.Memory({ initial: 64, maximum }) } });
  assert.ok(instance(MOST / 65_536).exports.facts);
  assert.throws(() => instance(MOST / 65_536 + 1), WebAssembly.LinkError);
});

describe("the shim, around a module that goes wrong", () => {
  let host;
  before(async () => { host = await ParserHost.start(TRAP); });
  after(() => host?.stop());

  test("one instance serves all calls, and is made at the first", async () => {
    const { json, instances } = await host.read("a.ts", ".", 100);
    assert.equal(json, "{}");
    assert.equal(instances, 1);
  });

  for (const [letter, what] of [["r", "a full stack"], ["u", "a trap"], ["w", "a write outside the memory"], ["n", "input that is not UTF-8"]]) {
    test(`${what} gives no answer, and the next file gets a fresh instance`, async () => {
      const before = await host.read("a.ts", ".");
      const broken = await host.read("a.ts", letter);
      assert.equal(broken.json, null);
      assert.equal(broken.instances, before.instances);
      const next = await host.read("a.ts", ".");
      assert.equal(next.json, "{}");
      assert.equal(next.instances, before.instances + 1);
      assert.equal(next.escaped, 0, "an error went past the shim: the Worker would replace itself");
    });
  }

  test("an instance finds nothing of the data of one before it", async () => {
    assert.equal((await host.read("a.ts", "d")).json, null);
    assert.equal((await host.read("a.ts", ".")).json, "{}");
  });

  test("what wants more than 48 MiB is refused it; all instances share one memory", async () => {
    const grown = await host.read("a.ts", "g");
    assert.equal(grown.json, "{}");
    assert.ok(grown.bytes > 32 * MIB);
    const refused = await host.read("a.ts", "g", 100);
    assert.equal(refused.json, null);
    assert.equal(refused.instances, grown.instances + 99, "each but the first had to be made");
    assert.equal(refused.bytes, grown.bytes);
    assert.equal(refused.memories, 1);
    assert.equal((await host.read("a.ts", ".")).json, "{}");
  });

  test("as many files that fill the stack are answered in time", async (context) => {
    const { took, json } = await host.read("a.ts", "r", 50);
    assert.equal(json, null);
    context.diagnostic(`${(took / 50).toFixed(1)} ms for a full stack and a fresh instance`);
    assert.ok(took < 50 * 200, `${took} ms`);
  });
});

/** Nested `depth` deep. */
const nested = (open, close, depth, middle = "1") => `${open.repeat(depth)}${middle}${close.repeat(depth)}`;

/** What can nest, by name: the path, and a file of that depth. */
const NESTING = {
  "round brackets": ["a.ts", (depth) => `x = ${nested("(", ")", depth)}`],
  "square brackets": ["a.ts", (depth) => `x = ${nested("[", "]", depth)}`],
  blocks: ["a.ts", (depth) => nested("{", "}", depth, "")],
  objects: ["a.ts", (depth) => `x = ${nested("{a:", "}", depth)}`],
  calls: ["a.ts", (depth) => `x = ${nested("f(", ")", depth)}`],
  "arrow functions": ["a.ts", (depth) => `x = ${"()=>".repeat(depth)}1`],
  functions: ["a.js", (depth) => `x = ${nested("function(){return ", "}", depth)}`],
  "not": ["a.ts", (depth) => `x = ${"!".repeat(depth)}1`],
  minus: ["a.ts", (depth) => `x = ${"- ".repeat(depth)}1`],
  typeof: ["a.ts", (depth) => `x = ${"typeof ".repeat(depth)}1`],
  await: ["a.ts", (depth) => `x = ${"await ".repeat(depth)}1`],
  sums: ["a.ts", (depth) => `x = ${"1+".repeat(depth)}1`],
  powers: ["a.ts", (depth) => `x = ${"1**".repeat(depth)}1`],
  conditions: ["a.ts", (depth) => `x = ${"1?1:".repeat(depth)}1`],
  assignments: ["a.ts", (depth) => `${"x=".repeat(depth)}1`],
  members: ["a.ts", (depth) => `x${".x".repeat(depth)}`],
  "optional calls": ["a.ts", (depth) => `x${"?.()".repeat(depth)}`],
  new: ["a.ts", (depth) => `${"new ".repeat(depth)}X`],
  if: ["a.ts", (depth) => `${"if(1)".repeat(depth)};`],
  "else if": ["a.ts", (depth) => `${"if(1);else ".repeat(depth)};`],
  labels: ["a.ts", (depth) => `${Array.from({ length: depth }, (_, n) => `l${n}:`).join("")};`],
  templates: ["a.ts", (depth) => `x = ${nested("`${", "}`", depth)}`],
  elements: ["a.tsx", (depth) => `x = ${nested("<a>", "</a>", depth, "")}`],
  fragments: ["a.tsx", (depth) => `x = ${nested("<>", "</>", depth, "")}`],
  "elements in attributes": ["a.tsx", (depth) => `x = ${nested("<a b={", "}/>", depth)}`],
  "unclosed elements": ["a.tsx", (depth) => `x = ${"<a>".repeat(depth)}`],
  generics: ["a.ts", (depth) => `type X = ${nested("A<", ">", depth)}`],
  "array types": ["a.ts", (depth) => `type X = A${"[]".repeat(depth)}`],
  "conditional types": ["a.ts", (depth) => `type X = ${"A extends B ? C : ".repeat(depth)}D`],
  "function types": ["a.ts", (depth) => `type X = ${"()=>".repeat(depth)}void`],
  keyof: ["a.ts", (depth) => `type X = ${"keyof ".repeat(depth)}A`],
  assertions: ["a.ts", (depth) => `x = ${"<A>".repeat(depth)}1`],
  patterns: ["a.ts", (depth) => `const ${nested("[", "]", depth, "a")} = 1`],
  "unclosed brackets": ["a.ts", (depth) => `x = ${"(".repeat(depth)}`],
  classes: ["a.ts", (depth) => `x = ${nested("class{a=", "}", depth)}`],
  namespaces: ["a.ts", (depth) => nested("namespace a{", "}", depth, "")],
  decorators: ["a.ts", (depth) => `${"@a".repeat(depth)} class A {}`],
  "rules of CSS": ["a.css", (depth) => nested("a{", "}", depth, "")],
  "functions of CSS": ["a.css", (depth) => `a{b:${nested("calc(", ")", depth)}}`],
  "lists of JSON": ["a.json", (depth) => nested("[", "]", depth)],
  "objects of JSON": ["a.json", (depth) => nested('{"a":', "}", depth)],
  "elements of HTML": ["a.html", (depth) => nested("<b>", "</b>", depth, "")],
};

/** As many of `part` as a file of 510 KiB holds; `#` is the number of each. */
function filled(part, before = "", after = "") {
  let text = before;
  for (let number = 0; text.length < 510 * 1024 - part.length - 8 - after.length; number++) text += part.replaceAll("#", number);
  return text + after;
}

/** What can be wide, by name: files that are parsed, and hold as much as they can of one thing. */
const WIDTH = {
  "empty statements": ["a.ts", filled(";")],
  numbers: ["a.ts", filled("1,", "x = [", "1]")],
  "names nobody defines": ["a.ts", filled("a#;")],
  "one name, again and again": ["a.ts", filled("a;")],
  "one name, declared again and again": ["a.ts", filled("let a;")],
  "one name, exported again and again": ["a.ts", filled("export{a};", "let a;")],
  "one import, again and again": ["a.ts", filled('import a from"b";')],
  imports: ["a.ts", filled('import a# from"b#";')],
  exports: ["a.ts", filled("export let a#;")],
  components: ["a.tsx", filled("function A#(){return <b/>}")],
  "names of one import": ["a.ts", filled("a#,", "import {", '} from "b"')],
  keys: ["a.ts", filled("a#:1,", "x={", "}")],
  "one key, again and again": ["a.ts", filled("a:1,", "x={", "}")],
  elements: ["a.tsx", filled("<b/>", "x=<a>", "</a>")],
  attributes: ["a.tsx", filled("b#=''\n", "x=<a ", "/>")],
  routes: ["a.tsx", filled('<Route path="a#"/>', "x=<Routes>", "</Routes>")],
  links: ["a.tsx", filled('<Link to="/a#"/>', "x=<a>", "</a>")],
  tables: ["a.ts", filled('db.from("a#");')],
  "syntax errors": ["a.ts", filled("a b;\n")],
  "reserved words": ["a.ts", filled("var if;\n")],
  "returns outside of functions": ["a.ts", filled("return;\n")],
  "imports in bodies": ["a.ts", filled('{import a from"b";}')],
  "a text": ["a.ts", filled("a", 'x="', '"')],
  "a text without an end": ["a.ts", filled("a", 'x="')],
  escapes: ["a.ts", filled("\\u0061", 'x="', '"')],
  "a template": ["a.ts", filled("${1}", "x=`", "`")],
  "a regular expression": ["a.ts", filled("(a*)*", "x=/", "/")],
  "a comment": ["a.ts", filled("a", "/*", "*/")],
  "a comment without an end": ["a.ts", filled("*", "/*")],
  "opened generics": ["a.ts", filled("a<")],
  "perhaps arrow functions": ["a.ts", filled("(a,", "x=", "1")],
  enums: ["a.ts", filled("a#,", "enum A{", "}")],
  unions: ["a.ts", filled("|'a#'", "type A=")],
  "letters of four bytes": ["a.ts", `x="${"\u{1f600}".repeat(120_000)}"`],
  "rules of CSS": ["a.css", filled(".a#{b:c}")],
  "unclosed rules of CSS": ["a.css", filled("a{")],
  "imports of CSS": ["a.css", filled("@import 'a#';")],
  "lists of JSON": ["a.json", filled("[],", "[", "1]")],
  "keys of JSON": ["a.json", filled('"a#":1,', "{", '"b":1}')],
  "elements of HTML": ["a.html", filled('<a href="a#">')],
  "scripts of HTML": ["a.html", filled("<script>")],
};

describe("a hostile file", () => {
  let host;
  before(async () => { host = await ParserHost.start(); });
  after(() => host?.stop());

  /** The parser still reads what it could read before. */
  async function recovered() {
    const { json, took } = await host.read("src/Card.tsx", GOOD);
    const facts = JSON.parse(json);
    assert.deepEqual(facts?.faults, []);
    assert.deepEqual(facts.declarations.map(({ name }) => name), ["Card"]);
    assert.ok(took < SOON_MS, `${took} ms until a small file was read again`);
    return took;
  }

  for (const [what, [path, file]] of Object.entries(NESTING)) {
    // What would be too large is half as deep: it is depth that is to be met here.
    const depth = file(50_000).length <= 512 * 1024 ? 50_000 : 25_000;
    test(`${what}, ${depth} deep`, async (context) => {
      const content = file(depth);
      const { took, json, instances, escaped } = await host.read(path, content);
      assert.equal(escaped, 0);
      assert.ok(took < SOON_MS, `${took} ms`);
      const kinds = JSON.parse(json)?.faults.map(({ kind }) => kind);
      context.diagnostic(`${took.toFixed(0)} ms, ${kinds ?? "taken down"}, ${instances} instances`);
      assert.ok(json === null || kinds.includes("unchecked"), `neither refused nor taken down: ${kinds}`);
      await recovered();
    });
  }

  for (const [what, [path, file]] of Object.entries(NESTING)) {
    // Some nest twice at each step, so half of what is parsed.
    test(`${what}, 140 deep, are read by an instance that survives`, async () => {
      const before = await host.read("src/Card.tsx", GOOD);
      const facts = await host.facts(path, file(140));
      assert.ok(facts !== null, "taken down");
      assert.ok(!facts.faults.some(({ kind }) => kind === "unchecked"), JSON.stringify(facts.faults));
      const { instances } = await host.read("src/Card.tsx", GOOD);
      assert.equal(instances, before.instances);
    });
  }

  for (const [what, [path, content]] of Object.entries(WIDTH)) {
    test(`${what}, to the brim of a file that is parsed`, async (context) => {
      const { took, json, bytes, escaped } = await host.read(path, content);
      assert.equal(escaped, 0);
      context.diagnostic(`${took.toFixed(0)} ms, ${json === null ? "taken down" : `${json.length} letters of JSON`}, ${(bytes / MIB).toFixed(0)} MiB`);
      assert.ok((json?.length ?? 0) <= 4 * MIB, "more than the Worker is to read");
      assert.ok(took < LATE_MS, `${took} ms`);
      await recovered();
    });
  }

  for (const path of ["a.tsx", "a.ts", "a.js", "a.css", "a.json", "a.html"]) {
    test(`a megabyte of ${path} is not parsed`, async () => {
      const { json, took } = await host.read(path, `x${" x".repeat(MIB / 2)}`);
      assert.deepEqual(JSON.parse(json).faults.map(({ kind }) => kind), ["unchecked"]);
      assert.ok(took < SOON_MS, `${took} ms`);
      await recovered();
    });
  }

  test("the largest files that are parsed, again and again, keep the memory bounded", async (context) => {
    const content = filled("export const a# = { b: [1, 2, 3], c: (x: number) => x + 1 };\n");
    const { json, bytes, took } = await host.read("a.tsx", content, 40);
    const facts = JSON.parse(json);
    assert.deepEqual(facts?.faults, []);
    assert.equal(facts.declarations.length, content.split("\n").length - 1);
    assert.ok(bytes <= MOST);
    context.diagnostic(`${(bytes / MIB).toFixed(1)} MiB, ${(took / 40).toFixed(0)} ms a file`);
    await recovered();
  });

  test("files that take the parser down, again and again, leave workerd no larger", async (context) => {
    const content = filled("let a;");
    const { json } = await host.read("a.ts", content, 3);
    const before = host.resident();
    const { memories, bytes } = await host.read("a.ts", content, 30);
    const grown = host.resident() - before;
    context.diagnostic(`${json === null ? "taken down" : "read"}; ${(grown / MIB).toFixed(0)} MiB more after 30`);
    assert.equal(memories, 1);
    assert.ok(bytes <= MOST);
    // Thirty memories would be a gigabyte.
    assert.ok(grown < 256 * MIB, `${grown} bytes`);
    await recovered();
  });

  test("ten thousand small files need no more memory than a hundred", async () => {
    const few = await host.read("src/Card.tsx", GOOD, 100);
    const many = await host.read("src/Card.tsx", GOOD, 10_000);
    assert.equal(many.bytes, few.bytes);
    assert.equal(many.instances, few.instances);
  });
});
