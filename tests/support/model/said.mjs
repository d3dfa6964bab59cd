// A conversation as a request tells it, in no provider's words.

/**
 * @typedef {{role: "user" | "assistant", text: string, texts: string[],
 *   calls: {id: string, name: string, input: unknown, rawArguments?: string}[],
 *   results: {id: string, ok: boolean, text: string}[]}} Message
 */

/** A message of which nothing is said yet. */
export const message = (role) => ({ role, text: "", texts: [], calls: [], results: [] });

/** Adds a text, a call or a result to a message. Texts are put together with a blank line between them. */
export function add(message, { text, call, result }) {
  if (text) {
    message.texts.push(text);
    message.text = message.texts.join("\n\n");
  }
  if (call) message.calls.push(call);
  if (result) message.results.push(result);
}

/**
 * OpenAI's lists do not say where a message ends: what one side says in a row is one message.
 * @param {{role: string, text?: string, call?: object, result?: object}[]} items
 */
export function fold(items) {
  const messages = [];
  for (const item of items) {
    if (messages.at(-1)?.role !== item.role) messages.push(message(item.role));
    add(messages.at(-1), item);
  }
  return messages;
}

/** A call whose arguments are text: `input` is undefined where they are no JSON. */
export function written(id, name, rawArguments) {
  try {
    return { id, name, input: JSON.parse(rawArguments || "{}") };
  } catch {
    return { id, name, input: undefined, rawArguments };
  }
}

/** OpenAI has no mark for a result that is an error; ours begin with a word that says so. */
export function outcome(id, output) {
  const failed = output.startsWith("Error: ");
  return { id, ok: !failed, text: failed ? output.slice("Error: ".length) : output };
}

/** The text of content that is text, or a list of parts. */
export function words(content) {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? part.refusal ?? "").join("");
}

/**
 * The view that a script answers. The turn begins with the last user message that holds words and no results: `last` is its text,
 * `step` how many assistant messages came since.
 */
export function view({ model, system, tools, messages }) {
  const start = messages.findLastIndex(({ role, text, results }) => role === "user" && text.trim() !== "" && results.length === 0);
  const since = messages.slice(start + 1);
  return {
    model,
    system,
    tools,
    messages,
    last: messages[start]?.text ?? "",
    step: since.filter(({ role }) => role === "assistant").length,
  };
}
