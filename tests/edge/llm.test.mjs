// The providers' own libraries read the bodies of `tests/llm`, and find what is expected there.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const folder = path.resolve(import.meta.dirname, "../llm");

/** What the libraries find in another way, and why ours is better. */
const OTHERWISE = {
  "openai-chat/compatible_loose": "they lose all of the reasoning but its last piece, and calls that have no place",
  "openai-chat/unknown_events": "they stop at a chunk without choices",
  "openai-responses/output_not_repeated": "they take the empty list for the whole",
  "openai-responses/search_and_annotations": "they take the empty list for the whole, and stop at events that they do not know",
  "anthropic/last_blank_line_missing": "they do not notice that the end is missing, and so none of it is",
};

const options = (body) => ({
  apiKey: "none",
  maxRetries: 0,
  fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
});
const user = [{ role: "user", content: "?" }];

/** What the libraries have parsed of their own accord is no part of a message. */
const OWN = new Set(["parsed", "parsed_output", "parsed_arguments", "output_parsed", "output_text"]);

const readers = {
  anthropic: (body) => new Anthropic(options(body)).messages.stream({ model: "m", max_tokens: 9, messages: user }).finalMessage(),
  "openai-chat": (body) => new OpenAI(options(body)).chat.completions.stream({ model: "m", messages: user }).finalChatCompletion(),
  "openai-responses": (body) => new OpenAI(options(body)).responses.stream({ model: "m", input: "?" }).finalResponse(),
};

for (const [format, read] of Object.entries(readers)) {
  describe(`an answer of ${format}`, () => {
    const names = fs.readdirSync(path.join(folder, format)).filter((name) => name.endsWith(".sse")).map((name) => name.slice(0, -4));
    assert.ok(names.length > 10);
    for (const name of names) {
      const file = path.join(folder, format, name);
      const expected = JSON.parse(fs.readFileSync(`${file}.json`, "utf8"));
      // What is an error here they may take: whether an answer is whole is ours to say.
      if (expected.error) continue;
      const found = async () => {
        const message = await read(fs.readFileSync(`${file}.sse`));
        return JSON.parse(JSON.stringify(message, (key, value) => (OWN.has(key) ? undefined : value)));
      };
      const otherwise = OTHERWISE[`${format}/${name}`];
      if (otherwise) {
        test(`${name} is another to its library: ${otherwise}`, async () => {
          assert.notDeepEqual(await found().catch(() => null), expected.message);
        });
      } else {
        test(`${name} is the same to its library`, async () => {
          assert.deepEqual(await found(), expected.message);
        });
      }
    }
  });
}
