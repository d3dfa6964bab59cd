// Anthropic's prompt cache, as far as prices depend on it.
//
// A prompt is its tools, then its system blocks, then the blocks of its messages. A mark (`cache_control` on one of them) names the
// prefix that ends there. The longest marked prefix that was marked before is read, the rest up to the last mark is written, and
// what follows is read at the full price. Prefixes are compared as JSON in the order in which it was sent, without the marks, since
// keys that change places are another prompt to a provider as well. Each model has a cache of its own.
//
// Absent: times to live, least lengths, and that a provider also looks a little before each mark.
import { createHash } from "node:crypto";

/** What a prompt is made of, in order: JSON without the mark, and whether there was one. */
function elements({ tools = [], system = [], messages = [] }) {
  const list = (content) => (typeof content === "string" ? [{ type: "text", text: content }] : content);
  const all = [
    ...tools.map((tool) => ["tool", tool]),
    ...list(system).map((block) => ["system", block]),
    ...messages.flatMap(({ role, content }) => list(content).map((block) => [role, block])),
  ];
  return all.map(([role, { cache_control, ...block }]) => ({ json: JSON.stringify([role, block]), isMarked: Boolean(cache_control) }));
}

/** The prefixes of a prompt that are marked, and the length of it all, in tokens. */
function prefixes(request) {
  const hash = createHash("sha256").update(request.model);
  const marked = [];
  let bytes = 0;
  const length = () => Math.ceil(bytes / 4);
  for (const { json, isMarked } of elements(request)) {
    bytes += Buffer.byteLength(json);
    hash.update(json);
    if (isMarked) marked.push({ key: hash.copy().digest("hex"), length: length() });
  }
  return { marked, length: length() };
}

export class PromptCache {
  #known = new Set();

  /** What reading a request costs, and a function that has it remembered: a request that is refused leaves nothing. */
  look(request) {
    const { marked, length } = prefixes(request);
    const cacheRead = marked.findLast(({ key }) => this.#known.has(key))?.length ?? 0;
    const last = marked.at(-1)?.length ?? 0;
    return {
      usage: { input: length - last, cacheRead, cacheWrite: last - cacheRead },
      remember: () => marked.forEach(({ key }) => this.#known.add(key)),
    };
  }
}
