// An answer as a script gives it, made ready to be put into a provider's words.
import { createHash } from "node:crypto";

/** How much a delta brings, in characters. */
const PIECE = 24;
/** What a script may say; a word that is none of these is a mistake. */
const MEMBERS = new Set([
  "text", "thinking", "calls", "blocks", "stop", "usage", "status", "headers", "error", "body", "cutAfter", "endAfter", "stallAfter",
  "errorAfter", "malformedAt", "unknownEventAt", "reset", "silent", "delayMs", "gapMs",
]);

/** Holds a script to what it may answer. */
export function checked(answer) {
  if (!answer) throw new Error("it has no answer");
  const strange = Object.keys(answer).find((name) => !MEMBERS.has(name));
  if (strange) throw new Error(`an answer has no ${strange}`);
  const isPlaced = answer.status !== undefined || answer.errorAfter !== undefined;
  if (answer.error && !isPlaced) throw new Error("an error has a status or comes after events");
  return answer;
}

/** Tokens of a value: a quarter of the bytes of its JSON. No tokenizer, but the same every time. */
export function tokens(value) {
  return Math.ceil(Buffer.byteLength(JSON.stringify(value) ?? "") / 4);
}

/** Letters and digits that depend on nothing but the text. */
export function digest(text, length = 24) {
  return createHash("sha512").update(text).digest("base64").replace(/[+/=]/g, "").slice(0, length);
}

const SEAL = "EsealOfTheDouble";

/** What proves that a provider wrote a thought itself. */
function seal(thought) {
  return `${SEAL}${digest(thought, 60)}`;
}

/** Whether a seal is ours and belongs to another thought. Those of a script's own are taken as they are. */
export function isForged(shown, thought) {
  return typeof shown === "string" && shown.startsWith(SEAL) && shown !== seal(thought);
}

/** A text in pieces, of which none ends inside of a character; two at least, where it has two characters. */
export function pieces(text) {
  const letters = Array.from(text);
  const size = Math.max(1, Math.min(PIECE, Math.ceil(letters.length / 2)));
  return Array.from({ length: Math.ceil(letters.length / size) }, (_, n) => letters.slice(n * size, (n + 1) * size).join(""));
}

/** `{kind, …}`: text, thinking (with its seal), redacted (only a seal) or a call (its arguments as text). */
function block(given) {
  if (given.call) {
    const { id, name, input = {}, rawArguments = JSON.stringify(input) } = given.call;
    return { kind: "call", id, name, arguments: rawArguments };
  }
  if (given.thinking !== undefined) return { kind: "thinking", text: given.thinking, seal: given.signature ?? seal(given.thinking) };
  if (given.redacted !== undefined) return { kind: "redacted", text: "", seal: given.redacted };
  if (given.text !== undefined) return { kind: "text", text: given.text };
  throw new Error(`no block of an answer: ${JSON.stringify(given)}`);
}

const length = (blocks) =>
  blocks.reduce((sum, { text = "", name = "", arguments: written = "" }) => sum + tokens(text + name + written), 0);

/** The whole of an answer: its blocks in order, why it stopped and what it cost, given what was read. */
export function whole({ text, thinking, calls = [], blocks, stop, usage }, read) {
  const given = blocks ?? [
    ...(thinking === undefined ? [] : [{ thinking }]),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map((call) => ({ call })),
  ];
  const all = given.map(block);
  const thought = all.filter(({ kind }) => kind === "thinking" || kind === "redacted");
  return {
    blocks: all,
    stop: stop ?? (all.some(({ kind }) => kind === "call") ? "tool_use" : "end_turn"),
    usage: { ...read, output: length(all), reasoning: length(thought), ...usage },
  };
}
