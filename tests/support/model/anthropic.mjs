// Anthropic Messages.
import { isForged, pieces } from "./answer.mjs";
import { add, message, view, words } from "./said.mjs";

export const name = "anthropic";
export const path = "/v1/messages";
/** Whether events are named outside of their data. */
export const isNamed = true;

/** The word for a status. */
const KINDS = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** Both headers are taken; the libraries send the second since the version 2026-10-21. */
export const key = (headers) => headers["x-api-key"] ?? headers.authorization?.replace(/^Bearer /, "");

const VERSIONS = ["2023-06-01", "2026-10-21"];
/** What the second version no longer has. */
const GONE = ["temperature", "top_p", "top_k"];

const blocks = (content) => (typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []));

export function read({ model, system, tools = [], messages }) {
  return view({
    model,
    system: blocks(system).map(({ text }) => text).join("\n\n"),
    tools: tools.map((tool) => tool.name),
    messages: messages.map(({ role, content }) => {
      const whole = message(role);
      for (const block of blocks(content)) {
        if (block.type === "text") add(whole, { text: block.text });
        if (block.type === "tool_use") add(whole, { call: { id: block.id, name: block.name, input: block.input } });
        if (block.type === "tool_result") {
          add(whole, { result: { id: block.tool_use_id, ok: !block.is_error, text: words(block.content) } });
        }
      }
      return whole;
    }),
  });
}

/** What Anthropic would refuse of a request. */
export function objection(request, headers) {
  const version = headers["anthropic-version"];
  if (!version) return "anthropic-version: header is required";
  if (!VERSIONS.includes(version)) return `anthropic-version: "${version}" is not a valid version`;
  const gone = GONE.find((name) => version !== VERSIONS[0] && request[name] !== undefined);
  if (gone) return `${gone}: Extra inputs are not permitted`;
  if (!(request.max_tokens > 0)) return "max_tokens: Field required";
  if (!Array.isArray(request.messages)) return "messages: Field required";
  if (request.messages[0]?.role !== "user") return 'messages: at least one message is required, and the first must use the "user" role';
  const marks = JSON.stringify(request).match(/"cache_control":\{/g)?.length ?? 0;
  if (marks > 4) return `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`;
  return conversation(request.messages);
}

/** What is wrong with a conversation: each call has its result in the next message, and each result its call. */
function conversation(messages) {
  let open = [];
  const unanswered = (n, ids) =>
    `messages.${n}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(", ")}.`
    + " Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
  for (const [n, message] of messages.entries()) {
    const all = blocks(message.content);
    if (all.length === 0) return `messages.${n}: all messages must have non-empty content`;
    const missing = open.filter((id) => !all.some((block) => block.tool_use_id === id));
    if (missing.length > 0) return unanswered(n - 1, missing);
    for (const [at, block] of all.entries()) {
      const wrong = objectionTo(block, open);
      if (wrong) return `messages.${n}.content.${at}${wrong}`;
    }
    open = all.filter(({ type }) => type === "tool_use").map(({ id }) => id);
  }
  return open.length > 0 ? unanswered(messages.length - 1, open) : undefined;
}

function objectionTo(block, open) {
  switch (block.type) {
    case "text":
      return block.text.trim() ? undefined : ": text content blocks must contain non-whitespace text";
    case "tool_use":
      return /^[a-zA-Z0-9_-]+$/.test(block.id) ? undefined : ".tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'";
    case "tool_result":
      if (open.includes(block.tool_use_id)) return undefined;
      return `: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}.`
        + " Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
    case "thinking":
      return isForged(block.signature, block.thinking) ? ": Invalid `signature` in `thinking` block" : undefined;
    default:
      return undefined;
  }
}

/** A block as it begins, and what comes of it. */
function content(block, id) {
  switch (block.kind) {
    case "thinking": {
      const thinking = pieces(block.text).map((thinking) => ({ type: "thinking_delta", thinking }));
      return [{ type: "thinking", thinking: "", signature: "" }, [...thinking, { type: "signature_delta", signature: block.seal }]];
    }
    case "redacted":
      return [{ type: "redacted_thinking", data: block.seal }, []];
    case "call": {
      const begun = { type: "tool_use", id: block.id ?? id("toolu"), name: block.name, input: {}, caller: { type: "direct" } };
      // No arguments are no text at all.
      const parts = block.arguments === "{}" ? [""] : ["", ...pieces(block.arguments)];
      return [begun, parts.map((partial_json) => ({ type: "input_json_delta", partial_json }))];
    }
    default:
      return [{ type: "text", text: "" }, pieces(block.text).map((text) => ({ type: "text_delta", text }))];
  }
}

export function events({ blocks, stop, usage }, { request, id }) {
  const read = {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
  };
  const begun = {
    id: id("msg"), type: "message", role: "assistant", model: request.model, content: [],
    stop_reason: null, stop_sequence: null, stop_details: null,
    usage: {
      ...read,
      cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
      output_tokens: Math.min(1, usage.output), service_tier: "standard", inference_geo: "not_available",
    },
  };
  const all = [{ type: "message_start", message: begun }];
  for (const [index, block] of blocks.entries()) {
    const [content_block, deltas] = content(block, id);
    all.push({ type: "content_block_start", index, content_block });
    if (index === 0) all.push({ type: "ping" });
    all.push(...deltas.map((delta) => ({ type: "content_block_delta", index, delta })), { type: "content_block_stop", index });
  }
  const thought = usage.reasoning > 0 && { output_tokens_details: { thinking_tokens: usage.reasoning } };
  const stop_details = stop === "refusal" ? { type: "refusal", category: null, explanation: null } : null;
  all.push(
    {
      type: "message_delta",
      delta: { stop_reason: stop, stop_sequence: null, stop_details },
      usage: { ...read, output_tokens: usage.output, ...thought },
    },
    { type: "message_stop" },
  );
  return all;
}

const error = ({ type, message }) => ({ details: null, type, message });

/** The body of an answer that is an error. */
export function problem(status, { type = KINDS[status] ?? "api_error", message = "Something went wrong." }, requestId) {
  return { type: "error", error: error({ type, message }), request_id: requestId };
}

/** The events of a stream that is given up. */
export function failure({ type = "overloaded_error", message = "Overloaded" }, _events, requestId) {
  return [{ type: "error", error: error({ type, message }), request_id: requestId }];
}

export const unknown = { type: "content_block_hint", index: 0, hint: "an event that nobody knows" };

export function headers(requestId) {
  return {
    "request-id": requestId,
    "anthropic-organization-id": "00000000-0000-0000-0000-000000000000",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "anthropic-ratelimit-requests-reset": "2026-11-28T00:00:00Z",
  };
}
