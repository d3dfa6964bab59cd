// A wasm module with the entry points of the parser that goes wrong when told to: the first byte of a file says how.
// Its heap begins at ROOM + 1; what lies below is zero in an instance that is fresh.

const section = (number, ...bytes) => [number, bytes.length, ...bytes];
const text = (word) => [word.length, ...Buffer.from(word)];
const body = (...bytes) => [bytes.length, ...bytes];

const I32 = 0x7f;
const END = 0x0b;
/** When the byte in local 1 is this letter. */
const when = (letter, ...then) => [0x20, 1, 0x41, ...signed(letter.charCodeAt(0)), 0x46, 0x04, 0x40, ...then, END];
/** A number from 64 to 8191 as LEB128; up to 16383 where it has no sign. */
const signed = (number) => [(number & 0x7f) | 0x80, number >> 7];
const unsigned = signed;

const [INPUT, FACTS, OUTPUT, RECURSE] = [0, 1, 2, 3];
const ROOM = 1024;
/** 600 pages are 37.5 MiB. */
const PAGES = 600;
/** Where `d` leaves its mark. */
const MARK = 512;

/**
 * The module. `r` fills the stack, `u` is a trap, `w` writes outside its memory, `g` grows the memory by 37.5 MiB, a trap
 * when it is refused them, `d` leaves a mark in the data and is a trap, `n` answers that the input is not UTF-8, anything else gives
 * `{}`, or `{` alone where the mark is found.
 */
export const TRAP = new Uint8Array([
  0x00, ...Buffer.from("asm"), 1, 0, 0, 0,
  ...section(1, 2, 0x60, 1, I32, 1, I32, 0x60, 0, 1, I32),
  ...section(2, 1, ...text("env"), ...text("memory"), 2, 1, 1, ...unsigned(768)),
  ...section(3, 4, 0, 0, 1, 0),
  ...section(6, 1, I32, 0, 0x41, ...signed(ROOM + 1), END),
  ...section(7, 4, ...text("__heap_base"), 3, 0, ...text("input"), 0, INPUT, ...text("facts"), 0, FACTS, ...text("output"), 0, OUTPUT),
  ...sectionOfCode(),
  ...section(11, 1, 0, 0x41, 0, END, ...text("{}")),
]);

function sectionOfCode() {
  const code = [
    4,
    ...body(0, 0x41, ...signed(ROOM), END),
    ...long(
      1, 1, I32,
      // local 1 = the byte at ROOM + the length of the path
      0x20, 0, 0x41, ...signed(ROOM), 0x6a, 0x2d, 0, 0, 0x21, 1,
      ...when("r", 0x20, 0, 0x10, RECURSE, 0x1a),
      ...when("u", 0x00),
      ...when("w", 0x41, 0x7f, 0x41, 0x7f, 0x36, 2, 0),
      // grow, and a trap where that gives -1
      ...when("g", 0x41, ...signed(PAGES), 0x40, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x00, END),
      ...when("d", 0x41, ...signed(MARK), 0x41, 1, 0x36, 2, 0, 0x00),
      ...when("n", 0x41, 0, 0x0f),
      // one letter where the mark is, both elsewhere
      0x41, 1, 0x41, 2, 0x41, ...signed(MARK), 0x28, 2, 0, 0x1b, END,
    ),
    ...body(0, 0x41, 0, END),
    ...body(0, 0x20, 0, 0x10, RECURSE, END),
  ];
  return [10, ...signed(code.length), ...code];
}

/** A body of 64 bytes or more. */
function long(...bytes) {
  return [...signed(bytes.length), ...bytes];
}
