// What goes wrong with a stream: the frames that are sent, and how it ends after them.

/** How many of so many events `n` means; below zero, all but some. */
const first = (n, count) => Math.max(0, Math.min(count, n < 0 ? count + n : n));
/** Where among so many events the `n`th is; below zero, from the end. */
const place = (n, count) => Math.max(0, Math.min(count, n < 0 ? count + n + 1 : n) - 1);

/** An event as it goes over the wire. */
function frame(provider, data) {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${provider.isNamed && data.type ? `event: ${data.type}\n` : ""}data: ${text}\n\n`;
}

/**
 * @returns {{frames: string[], ending: "end" | "cut" | "stall", isWhole: boolean}} `isWhole`: the answer comes to its own end
 */
export function plan(provider, events, answer, requestId) {
  let sent = [...events];
  let ending = "end";
  const after = { cutAfter: "cut", endAfter: "end", stallAfter: "stall", errorAfter: "end" };
  const [fault, ...more] = Object.keys(after).filter((name) => answer[name] !== undefined);
  if (more.length > 0) throw new Error(`a stream breaks once, not by ${[fault, ...more].join(" and ")}`);
  if (fault) {
    sent = sent.slice(0, first(answer[fault], sent.length));
    ending = after[fault];
  }
  if (fault === "errorAfter") sent.push(...provider.failure(answer.error ?? {}, sent, requestId));
  if (answer.unknownEventAt !== undefined) sent.splice(place(answer.unknownEventAt, sent.length + 1), 0, provider.unknown);
  const frames = sent.map((data) => frame(provider, data));
  if (answer.malformedAt !== undefined) {
    const at = place(answer.malformedAt, frames.length);
    frames[at] = frames[at].replace(/^data: .*$/m, 'data: {"type":"content_block_delta","index":');
  }
  return { frames, ending, isWhole: !fault };
}
