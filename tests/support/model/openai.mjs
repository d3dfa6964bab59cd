// What OpenAI's two interfaces have in common.

/** When everything was made, in seconds. An answer does not depend on the time. */
export const MADE = 1_795_882_912;

/** OpenAI's words for errors, by Anthropic's. */
const WORDS = {
  api_error: ["server_error", "server_error"],
  authentication_error: ["invalid_request_error", "invalid_api_key"],
  invalid_request_error: ["invalid_request_error", null],
  not_found_error: ["invalid_request_error", "model_not_found"],
  overloaded_error: ["server_error", "server_is_overloaded"],
  rate_limit_error: ["tokens", "rate_limit_exceeded"],
};

const KINDS = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "invalid_request_error",
  404: "not_found_error",
  413: "invalid_request_error",
  429: "rate_limit_error",
  503: "overloaded_error",
  529: "overloaded_error",
};

export const key = (headers) => headers.authorization?.replace(/^Bearer /, "");

/** An error. A type that is none of Anthropic's is OpenAI's own, and its code as well, as with `insufficient_quota`. */
export function error({ type, message = "The server had an error while processing your request. Sorry about that!", code }) {
  const [own, usual] = WORDS[type] ?? [type, type];
  return { message, type: own, param: null, code: code ?? usual };
}

/** The body of an answer that is an error. */
export function problem(status, { type = KINDS[status] ?? "api_error", message, code }) {
  return { error: error({ type, message, code }) };
}

/** Letters that make the lengths of deltas say nothing. */
export function obfuscation(text) {
  return "OverSkillTests".slice(0, 1 + ((text.length * 7) % 14));
}

export function headers(requestId) {
  return {
    "x-request-id": requestId,
    "openai-organization": "overskill-tests",
    "openai-processing-ms": "42",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms",
  };
}
