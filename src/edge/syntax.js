// The parser, in a wasm module of its own with a memory of its own: a file that takes it down takes down nothing else.
// Its entry points are described in src/syntax/src/abi.rs.
import module from "./syntax.wasm";

// The memory of an instance never shrinks. One that has grown over this is not kept.
const MOST_KEPT_BYTES = 32 * 1024 * 1024;

let instance;

/**
 * What the parser says of a file, as JSON; undefined when reading it took the parser down.
 * @param {Uint8Array} path in UTF-8
 * @param {Uint8Array} content in UTF-8
 * @returns {Uint8Array | undefined}
 */
export function facts(path, content) {
  try {
    instance ??= new WebAssembly.Instance(module).exports;
    const answer = read(instance, path, content);
    if (instance.memory.buffer.byteLength > MOST_KEPT_BYTES) instance = undefined;
    return answer;
  } catch (error) {
    // A full stack is a RangeError, any other trap a WebAssembly.RuntimeError. Neither reaches shim.js, which would
    // take it for a panic of the Worker. Whatever it is, nobody knows what state it left behind.
    instance = undefined;
    console.error(`the parser was replaced: ${error}`);
    return undefined;
  }
}

function read({ memory, input, facts, output }, path, content) {
  const start = input(path.length + content.length);
  const room = new Uint8Array(memory.buffer, start, path.length + content.length);
  room.set(path);
  room.set(content, path.length);
  const length = facts(path.length);
  if (length === 0) throw new TypeError("path or content is not UTF-8");
  // A copy: the next call writes over it. The memory may have grown since, which leaves `room` without a buffer.
  return new Uint8Array(memory.buffer, output(), length).slice();
}
