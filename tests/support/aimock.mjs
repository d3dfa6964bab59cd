// aimock, a double of providers that others wrote, with fixtures of ours: https://aimock.copilotkit.dev/fixtures.
import { LLMock } from "@copilotkit/aimock";

import { KEYS } from "./model.mjs";

/**
 * Starts it on a free port. The first fixture that matches answers; a request without one is answered 404, or 503 when `strict`,
 * and then what it would let pass with a warning is an error.
 * @param {{match: object, response: object}[]} fixtures as in its files; with a regular expression or a predicate as in its code
 */
export async function startAimock(fixtures, { strict = false } = {}) {
  // A fixture of another turn is no answer.
  process.env.AIMOCK_STRICT_TURN_INDEX = "1";
  const mock = new LLMock({ port: 0, host: "127.0.0.1", strict, journalMaxEntries: 0, auth: { apiKeys: Object.values(KEYS) } });
  for (const { match, response, ...options } of fixtures) mock.on(match, response, options);
  await mock.start();
  return {
    url: mock.url,
    env: { ANTHROPIC_BASE_URL: mock.url, OPENAI_BASE_URL: `${mock.url}/v1`, ...KEYS },
    /** What was asked so far, as messages of Chat Completions whatever the provider; keys are left out. */
    requests: () => mock.getRequests().map(({ path, timestamp, body, response }) => ({ path, at: timestamp, body, ...response })),
    stop: () => mock.stop(),
  };
}
