// The edits in a Worker of their own: this entry, `bench.wasm` (src/abi.rs), and the product's parser with what stands around it.
// `/prepare?row&lines&count` answers whether there is what was asked for; `/run?edit&times` applies one edit so many times and answers
// how often it was refused. The clock stands still meanwhile: time is taken outside.
import module from "./bench.wasm";
import { facts } from "./syntax.js";

let answer;
const parser = {
  facts(path, pathLength, content, length) {
    answer = facts(new Uint8Array(memory.buffer, path, pathLength), new Uint8Array(memory.buffer, content, length));
    // An edit that was not checked would look like a fast one.
    if (answer === undefined) throw new Error("the file took the parser down");
    return answer.length;
  },
  take(to) {
    new Uint8Array(memory.buffer, to, answer.length).set(answer);
  },
};
const { memory, prepare, run } = new WebAssembly.Instance(module, { parser }).exports;

export default {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const [row, lines, count, edit, times] = ["row", "lines", "count", "edit", "times"].map((name) => Number(searchParams.get(name)));
    if (pathname === "/prepare") return new Response(prepare(row, lines, count));
    let refused = 0;
    for (let left = times; left > 0; left--) refused += run(edit);
    return new Response(refused);
  },
};
