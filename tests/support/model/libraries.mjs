// The providers' own libraries, which say whether a double is one.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

export const MODEL = "a-model";
const SYSTEM = "You build apps.";
const TOOL = { name: "view_file", description: "Shows a file." };
const SCHEMA = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

const settings = { maxRetries: 0, logLevel: "off" };
const anthropic = ({ env }) => new Anthropic({ baseURL: env.ANTHROPIC_BASE_URL, apiKey: env.ANTHROPIC_API_KEY, ...settings });
const openai = ({ env }) => new OpenAI({ baseURL: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY, ...settings });

const of = (list, wanted) => list.filter(({ type }) => type === wanted);
const joined = (list, member) => list.map((one) => one[member]).join("");
const call = ({ name, arguments: written }) => ({ name, input: JSON.parse(written) });
/** OpenAI has no mark for a result that is an error. */
const outcome = ({ ok, text }) => (ok ? text : `Error: ${text}`);

/**
 * Each interface by its library: `begin` makes a conversation of words, `ask` gives the whole message that answers one, `tell` what
 * that says in a script's words, `next` the conversation with the message and the results of its calls.
 */
export const LIBRARIES = {
  anthropic: {
    errors: Anthropic,
    begin: (text) => [{ role: "user", content: text }],
    ask: (double, messages, options) => {
      const tools = [{ ...TOOL, input_schema: SCHEMA }];
      return anthropic(double).messages.stream({ model: MODEL, max_tokens: 1000, system: SYSTEM, tools, messages }, options).finalMessage();
    },
    tell: ({ content, stop_reason, usage }) => ({
      text: joined(of(content, "text"), "text"),
      thinking: joined(of(content, "thinking"), "thinking"),
      calls: of(content, "tool_use").map(({ name, input }) => ({ name, input })),
      stop: stop_reason,
      usage: {
        input: usage.input_tokens,
        cacheRead: usage.cache_read_input_tokens,
        cacheWrite: usage.cache_creation_input_tokens,
        output: usage.output_tokens,
        reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
      },
    }),
    next: (messages, { content }, results) => {
      const answers = of(content, "tool_use").map(({ id }, n) => ({
        type: "tool_result", tool_use_id: id, content: results[n].text, is_error: !results[n].ok,
      }));
      return [...messages, { role: "assistant", content }, { role: "user", content: answers }];
    },
  },
  "openai-responses": {
    errors: OpenAI,
    begin: (text) => [{ role: "user", content: text }],
    ask: (double, input, options) => {
      const tools = [{ type: "function", ...TOOL, parameters: SCHEMA, strict: false }];
      const body = { model: MODEL, instructions: SYSTEM, tools, input, store: false, include: ["reasoning.encrypted_content"] };
      return openai(double).responses.stream(body, options).finalResponse();
    },
    tell: ({ output, status, incomplete_details, usage }) => {
      const content = of(output, "message").flatMap((message) => message.content);
      const calls = of(output, "function_call").map(call);
      const refused = of(content, "refusal").length > 0;
      const { cached_tokens, cache_write_tokens } = usage.input_tokens_details;
      return {
        text: joined(content, refused ? "refusal" : "text"),
        thinking: joined(of(output, "reasoning").flatMap(({ summary }) => summary), "text"),
        calls,
        stop: incomplete_details ? { max_output_tokens: "max_tokens" }[incomplete_details.reason]
          : status === "completed" && (refused ? "refusal" : calls.length > 0 ? "tool_use" : "end_turn"),
        usage: {
          input: usage.input_tokens - cached_tokens - cache_write_tokens,
          cacheRead: cached_tokens,
          cacheWrite: cache_write_tokens,
          output: usage.output_tokens,
          reasoning: usage.output_tokens_details.reasoning_tokens,
        },
      };
    },
    next: (input, { output }, results) => {
      const answers = of(output, "function_call").map(({ call_id }, n) => ({
        type: "function_call_output", call_id, output: outcome(results[n]),
      }));
      return [...input, ...output, ...answers];
    },
  },
  "openai-chat": {
    errors: OpenAI,
    begin: (text) => [{ role: "system", content: SYSTEM }, { role: "user", content: text }],
    ask: (double, messages, options) => {
      const tools = [{ type: "function", function: { ...TOOL, parameters: SCHEMA } }];
      const body = { model: MODEL, tools, messages, stream_options: { include_usage: true } };
      return openai(double).chat.completions.stream(body, options).finalChatCompletion();
    },
    tell: ({ choices: [{ message, finish_reason }], usage }) => ({
      text: message.content || message.refusal || "",
      calls: (message.tool_calls ?? []).map((one) => call(one.function)),
      stop: message.refusal ? "refusal" : { stop: "end_turn", tool_calls: "tool_use", length: "max_tokens" }[finish_reason],
      usage: {
        input: usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens,
        cacheRead: usage.prompt_tokens_details.cached_tokens,
        output: usage.completion_tokens,
        reasoning: usage.completion_tokens_details.reasoning_tokens,
      },
    }),
    next: (messages, { choices: [{ message }] }, results) => {
      const { role, content, tool_calls } = message;
      const answers = tool_calls.map(({ id }, n) => ({ role: "tool", tool_call_id: id, content: outcome(results[n]) }));
      return [...messages, { role, content, tool_calls }, ...answers];
    },
  },
};
