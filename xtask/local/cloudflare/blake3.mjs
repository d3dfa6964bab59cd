// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), its hash alone: what the names of static assets are made with.

const IV = Uint32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
const ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const [CHUNK_START, CHUNK_END, PARENT, ROOT] = [1, 2, 4, 8];
const [BLOCK, CHUNK] = [64, 1024];

function mix(state, a, b, c, d, x, y) {
  const turn = (value, by) => (value >>> by) | (value << (32 - by));
  state[a] = state[a] + state[b] + x;
  state[d] = turn(state[d] ^ state[a], 16);
  state[c] += state[d];
  state[b] = turn(state[b] ^ state[c], 12);
  state[a] = state[a] + state[b] + y;
  state[d] = turn(state[d] ^ state[a], 8);
  state[c] += state[d];
  state[b] = turn(state[b] ^ state[c], 7);
}

function compressed(chain, words, counter, length, flags) {
  const state = new Uint32Array(16);
  state.set(chain);
  state.set(IV.subarray(0, 4), 8);
  state.set([counter, Math.floor(counter / 2 ** 32), length, flags], 12);
  let message = words;
  for (let round = 0; ; round += 1) {
    for (let at = 0; at < 4; at += 1) mix(state, at, at + 4, at + 8, at + 12, message[2 * at], message[2 * at + 1]);
    for (let at = 0; at < 4; at += 1) {
      mix(state, at, 4 + ((at + 1) % 4), 8 + ((at + 2) % 4), 12 + ((at + 3) % 4), message[8 + 2 * at], message[9 + 2 * at]);
    }
    if (round === 6) break;
    message = ORDER.map((from) => message[from]);
  }
  for (let at = 0; at < 8; at += 1) state[at] ^= state[at + 8];
  return state.subarray(0, 8);
}

function chunk(bytes, counter, last) {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK));
  let chain = IV;
  for (let at = 0; at < blocks; at += 1) {
    const block = bytes.subarray(at * BLOCK, (at + 1) * BLOCK);
    const words = new Uint32Array(16);
    for (let byte = 0; byte < block.length; byte += 1) words[byte >> 2] |= block[byte] << (8 * (byte % 4));
    const ends = at === blocks - 1 ? CHUNK_END | last : 0;
    chain = compressed(chain, words, counter, block.length, (at === 0 ? CHUNK_START : 0) | ends);
  }
  return chain;
}

/** The chaining value of a part of the tree: the left half has as many whole chunks as a power of two can. */
function tree(bytes, counter, last) {
  if (bytes.length <= CHUNK) return chunk(bytes, counter, last);
  const left = 2 ** Math.floor(Math.log2((bytes.length - 1) / CHUNK));
  const words = new Uint32Array(16);
  words.set(tree(bytes.subarray(0, left * CHUNK), counter, 0));
  words.set(tree(bytes.subarray(left * CHUNK), counter + left, 0), 8);
  return compressed(IV, words, 0, BLOCK, PARENT | last);
}

/** The hash of some bytes, in hexadecimal digits. */
export function blake3(bytes) {
  const words = tree(bytes, 0, ROOT);
  return Buffer.from(words.buffer, words.byteOffset, 32).toString("hex");
}
