// The parser, in a wasm module of its own with a memory of its own: a file that takes it down takes down nothing else.
// Its entry points are described in src/syntax/src/abi.rs.
import module from "./syntax.wasm";

// As the module is linked (xtask/src/worker/parser.rs), in pages of 64 KiB: 4 MiB at first, 48 MiB at most. There is one memory for
// all instances that ever are. It never shrinks; one for each would be freed when the engine pleases, which is too late.
const PAGES = { initial: 64, maximum: 768 };

let memory;
// Where the data of an instance ends and its heap begins.
let data = 0;
let instance;

/**
 * What the parser says of a file, as JSON; undefined when reading it took the parser down. The answer lies in the parser's memory,
 * and is good until the next call.
 * @param {Uint8Array} path in UTF-8
 * @param {Uint8Array} content in UTF-8
 * @returns {Uint8Array | undefined}
 */
export function facts(path, content) {
  try {
    instance ??= fresh();
    return read(instance, path, content);
  } catch (error) {
    // A full stack is a RangeError, any other trap a WebAssembly.RuntimeError. Neither reaches shim.js, which would
    // take it for a panic of the Worker. Whatever it is, nobody knows what state it left behind.
    instance = undefined;
    console.error(`the parser was replaced: ${error}`);
    return undefined;
  }
}

/** How large its memory is, in bytes. */
export function memoryBytes() {
  return memory?.buffer.byteLength ?? 0;
}

function fresh() {
  memory ??= new WebAssembly.Memory(PAGES);
  // An instance expects zeros where its data says nothing.
  new Uint8Array(memory.buffer, 0, data).fill(0);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  data = exports.__heap_base.value;
  return exports;
}

function read({ input, facts, output }, path, content) {
  const start = input(path.length + content.length);
  const room = new Uint8Array(memory.buffer, start, path.length + content.length);
  room.set(path);
  room.set(content, path.length);
  const length = facts(path.length);
  if (length === 0) throw new TypeError("path or content is not UTF-8");
  // The memory may have grown, which leaves `room` without a buffer.
  return new Uint8Array(memory.buffer, output(), length);
}
