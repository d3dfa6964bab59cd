// OpenAI Responses.
import { isForged, pieces } from "./answer.mjs";
import { MADE, error, obfuscation } from "./openai.mjs";
import { fold, outcome, view, words, written } from "./said.mjs";

export { headers, key, problem } from "./openai.mjs";
export const name = "openai-responses";
export const path = "/v1/responses";
export const isNamed = true;

const list = (input) => (typeof input === "string" ? [{ role: "user", content: input }] : (input ?? []));
const isSystem = ({ role }) => role === "system" || role === "developer";

function item(item) {
  switch (item.type ?? "message") {
    case "message":
      return { role: item.role, text: words(item.content) };
    case "function_call":
      return { role: "assistant", call: written(item.call_id, item.name, item.arguments) };
    case "function_call_output":
      return { role: "user", result: outcome(item.call_id, words(item.output)) };
    default:
      return { role: "assistant" };
  }
}

export function read({ model, instructions, tools = [], input }) {
  const all = list(input);
  return view({
    model,
    system: [instructions, ...all.filter(isSystem).map(({ content }) => words(content))].filter(Boolean).join("\n\n"),
    tools: tools.map((tool) => tool.name),
    messages: fold(all.filter((one) => !isSystem(one)).map(item)),
  });
}

/** What OpenAI would refuse of a request. */
export function objection(request) {
  const all = list(request.input);
  if (all.length === 0) return "Missing required parameter: 'input'.";
  const ids = (type) => all.filter((one) => one.type === type).map((one) => one.call_id);
  const [calls, outputs] = [ids("function_call"), ids("function_call_output")];
  const unanswered = calls.find((id) => !outputs.includes(id));
  if (unanswered) return `No tool output found for function call ${unanswered}.`;
  const stray = outputs.find((id) => !calls.includes(id));
  if (stray) return `No tool call found for function call output with call_id ${stray}.`;
  for (const [at, { type, id, summary, encrypted_content }] of all.entries()) {
    if (type !== "reasoning") continue;
    const next = all[at + 1];
    if (!next || next.role === "user" || next.type === "function_call_output") {
      return `Item '${id}' of type 'reasoning' was provided without its required following item.`;
    }
    if (!encrypted_content) return `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`;
    if (isForged(encrypted_content, summary.map(({ text }) => text).join("\n\n"))) {
      return `The encrypted content for item ${id} could not be verified.`;
    }
  }
  return undefined;
}

/** The events between the beginning and the end of an item, and what the item is then. */
function gather(block, begun, { asked, refused }) {
  const deltas = (type, text, more = {}) => pieces(text).map((delta) => ({ type, ...more, delta, obfuscation: obfuscation(delta) }));
  if (block.kind === "call") {
    const what = "response.function_call_arguments";
    const events = [...deltas(`${what}.delta`, block.arguments), { type: `${what}.done`, arguments: block.arguments }];
    return [events, { ...begun, arguments: block.arguments }];
  }
  if (block.kind !== "text") {
    const sealed = asked ? { encrypted_content: block.seal } : {};
    if (block.kind === "redacted") return [[], { ...begun, ...sealed }];
    const part = { type: "summary_text", text: block.text };
    const place = { summary_index: 0 };
    const events = [
      { type: "response.reasoning_summary_part.added", ...place, part: { ...part, text: "" } },
      ...deltas("response.reasoning_summary_text.delta", block.text, place),
      { type: "response.reasoning_summary_text.done", ...place, text: block.text },
      { type: "response.reasoning_summary_part.done", ...place, part },
    ];
    return [events, { ...begun, ...sealed, summary: [part] }];
  }
  const place = { content_index: 0 };
  const [what, member, more] = refused ? ["refusal", "refusal", {}] : ["output_text", "text", { logprobs: [] }];
  const part = (text) => ({ type: what, ...(refused ? {} : { annotations: [], logprobs: [] }), [member]: text });
  const events = [
    { type: "response.content_part.added", ...place, part: part("") },
    ...deltas(`response.${what}.delta`, block.text, { ...place, ...more }),
    { type: `response.${what}.done`, ...place, [member]: block.text, ...more },
    { type: "response.content_part.done", ...place, part: part(block.text) },
  ];
  return [events, { ...begun, content: [part(block.text)] }];
}

function begin(block, id) {
  if (block.kind === "call") {
    return { id: id("fc"), type: "function_call", status: "in_progress", arguments: "", call_id: block.id ?? id("call"), name: block.name };
  }
  if (block.kind !== "text") return { id: id("rs"), type: "reasoning", summary: [] };
  return { id: id("msg"), type: "message", status: "in_progress", content: [], role: "assistant" };
}

const REASONS = { max_tokens: "max_output_tokens", content_filter: "content_filter" };

export function events({ blocks, stop, usage }, { request, id }) {
  const reason = REASONS[stop];
  const status = reason ? "incomplete" : "completed";
  const response = {
    id: id("resp"), object: "response", created_at: MADE, status: "in_progress", background: false, error: null, incomplete_details: null,
    instructions: request.instructions ?? null, max_output_tokens: request.max_output_tokens ?? null, max_tool_calls: null,
    model: request.model, output: [], parallel_tool_calls: true, previous_response_id: null, prompt_cache_key: null,
    reasoning: { effort: null, summary: null, ...request.reasoning }, safety_identifier: null, service_tier: "default",
    store: request.store ?? true, temperature: 1, text: { format: { type: "text" }, verbosity: "medium" }, tool_choice: "auto",
    tools: request.tools ?? [], top_logprobs: 0, top_p: 1, truncation: "disabled", usage: null, user: null, metadata: {},
  };
  const asked = request.include?.includes("reasoning.encrypted_content");
  const all = [{ type: "response.created", response }, { type: "response.in_progress", response }];
  const output = blocks.map((block, output_index) => {
    const begun = begin(block, id);
    const [events, item] = gather(block, begun, { asked, refused: stop === "refusal" });
    const cut = status === "incomplete" && output_index === blocks.length - 1;
    const done = { ...item, ...(item.status && { status: cut ? "incomplete" : "completed" }) };
    all.push({ type: "response.output_item.added", output_index, item: begun });
    all.push(...events.map(({ type, ...data }) => ({ type, item_id: begun.id, output_index, ...data })));
    all.push({ type: "response.output_item.done", output_index, item: done });
    return done;
  });
  const read = usage.input + usage.cacheRead + usage.cacheWrite;
  all.push({
    type: `response.${status}`,
    response: {
      ...response, status, output, incomplete_details: reason ? { reason } : null,
      usage: {
        input_tokens: read,
        input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
        output_tokens: usage.output,
        output_tokens_details: { reasoning_tokens: usage.reasoning },
        total_tokens: read + usage.output,
      },
    },
  });
  return all.map(({ type, ...data }, sequence_number) => ({ type, sequence_number, ...data }));
}

/** The events of a stream that is given up: the error, and the response that failed. */
export function failure({ type = "overloaded_error", message, code }, events) {
  const found = error({ type, message, code });
  const begun = events[0]?.response;
  const failed = begun && { ...begun, status: "failed", error: { code: found.code ?? found.type, message: found.message } };
  return [
    { type: "error", sequence_number: events.length, error: found },
    ...(failed ? [{ type: "response.failed", sequence_number: events.length + 1, response: failed }] : []),
  ];
}

export const unknown = { type: "response.output_item.hint", sequence_number: 0, hint: "an event that nobody knows" };
