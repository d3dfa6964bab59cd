// OpenAI Chat Completions. What a model thinks is not told here, but counted.
import { pieces } from "./answer.mjs";
import { MADE, error, obfuscation } from "./openai.mjs";
import { fold, outcome, view, words, written } from "./said.mjs";

export { headers, key, problem } from "./openai.mjs";
export const name = "openai-chat";
export const path = "/v1/chat/completions";
export const isNamed = false;

const isSystem = ({ role }) => role === "system" || role === "developer";

function items({ role, content, refusal, tool_calls = [], tool_call_id }) {
  if (role === "tool") return [{ role: "user", result: outcome(tool_call_id, words(content)) }];
  const calls = tool_calls.map(({ id, function: called }) => ({ role, call: written(id, called.name, called.arguments) }));
  return [{ role, text: words(content) || refusal }, ...calls];
}

export function read({ model, messages, tools = [] }) {
  return view({
    model,
    system: messages.filter(isSystem).map(({ content }) => words(content)).join("\n\n"),
    tools: tools.map((tool) => tool.function.name),
    messages: fold(messages.filter((one) => !isSystem(one)).flatMap(items)),
  });
}

/** What OpenAI would refuse of a request. */
export function objection({ messages }) {
  if (!Array.isArray(messages) || messages.length === 0) return "Missing required parameter: 'messages'.";
  let open = [];
  const unanswered = () =>
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    + ` The following tool_call_ids did not have response messages: ${open.join(", ")}`;
  for (const { role, tool_call_id, tool_calls = [] } of messages) {
    if (role === "tool") {
      if (!open.includes(tool_call_id)) {
        return "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
      }
      open = open.filter((id) => id !== tool_call_id);
      continue;
    }
    if (open.length > 0) return unanswered();
    open = tool_calls.map(({ id }) => id);
  }
  return open.length > 0 ? unanswered() : undefined;
}

const REASONS = { end_turn: "stop", refusal: "stop", tool_use: "tool_calls", max_tokens: "length" };

export function events({ blocks, stop, usage }, { request, id }) {
  const counted = request.stream_options?.include_usage;
  const common = {
    id: id("chatcmpl", "-"), object: "chat.completion.chunk", created: MADE, model: request.model,
    service_tier: "default", system_fingerprint: "fp_double",
  };
  const chunk = (delta, finish_reason = null) => ({
    ...common,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(counted && { usage: null }),
    obfuscation: obfuscation(JSON.stringify(delta)),
  });
  const told = blocks.filter(({ kind }) => kind === "text" || kind === "call");
  const all = [chunk({ role: "assistant", content: told.some(({ kind }) => kind === "text") ? "" : null, refusal: null })];
  let index = 0;
  for (const block of told) {
    if (block.kind === "text") {
      const member = stop === "refusal" ? "refusal" : "content";
      all.push(...pieces(block.text).map((text) => chunk({ [member]: text })));
      continue;
    }
    const begun = { index, id: block.id ?? id("call"), type: "function", function: { name: block.name, arguments: "" } };
    const parts = pieces(block.arguments).map((piece) => ({ index: begun.index, function: { arguments: piece } }));
    all.push(...[begun, ...parts].map((call) => chunk({ tool_calls: [call] })));
    index += 1;
  }
  all.push(chunk({}, REASONS[stop] ?? stop));
  if (counted) {
    const read = usage.input + usage.cacheRead + usage.cacheWrite;
    all.push({
      ...common,
      choices: [],
      usage: {
        prompt_tokens: read,
        completion_tokens: usage.output,
        total_tokens: read + usage.output,
        prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: usage.reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0,
        },
      },
    });
  }
  all.push("[DONE]");
  return all;
}

/** The events of a stream that is given up. */
export function failure({ type = "overloaded_error", message, code }) {
  return [{ error: error({ type, message, code }) }];
}

export const unknown = { object: "chat.completion.hint", hint: "an event that nobody knows" };
