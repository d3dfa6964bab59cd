// The providers' own libraries read the bodies of `tests/llm`, and find what is expected there; and what we send is of their types.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { spawnSync } from "node:child_process";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const folder = path.resolve(import.meta.dirname, "../llm");

/** What the libraries find in another way, and why ours is better. */
const OTHERWISE = {
  "openai-chat/compatible_loose": "they lose all of the reasoning but its last piece, and calls that have no place",
  "openai-chat/unknown_events": "they stop at a chunk without choices",
  "openai-responses/output_not_repeated": "they take the empty list for the whole",
  "openai-responses/search_and_annotations": "they take the empty list for the whole, and stop at events that they do not know",
  "openai-chat/id_repeated": "they stop at a call without a place",
  "openai-responses/part_added_twice": "they stop at it, though the end repeats all",
  "openai-responses/text_not_repeated": "they stop at it, though the end repeats all",
  "anthropic/compaction": "they know it in their beta alone",
  "anthropic/half_letter": "their texts may have halves of letters, which nobody can write down",
  "anthropic/last_blank_line_missing": "they pass over an end without a blank line, and find no message",
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

describe("a request", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  const snapshots = path.join(root, "src/llm/encode/snapshots");
  const types = {
    anthropic: "Anthropic.MessageCreateParamsStreaming",
    openai_responses: "OpenAI.Responses.ResponseCreateParamsStreaming",
    openai_chat: "OpenAI.Chat.ChatCompletionCreateParamsStreaming",
  };
  // Where the libraries are found.
  const file = path.join(root, "node_modules", `.overskill-bodies-${process.pid}.ts`);
  after(() => fs.rmSync(file, { force: true }));

  /** What TypeScript says of the bodies, changed. */
  const check = (change = (body) => body) => {
    const bodies = Object.entries(types).map(([name, type]) => {
      const [snapshot] = fs.readdirSync(snapshots).filter((entry) => entry.endsWith(`of_${name}.snap`));
      const body = fs.readFileSync(path.join(snapshots, snapshot), "utf8").split("---\n").at(-1);
      return `export const ${name}: ${type} = ${JSON.stringify(change(JSON.parse(body)))}`;
    });
    fs.writeFileSync(file, ["import type Anthropic from '@anthropic-ai/sdk'", "import type OpenAI from 'openai'", ...bodies].join("\n"));
    const tsc = path.join(root, "templates/foundation/node_modules/typescript/bin/tsc");
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, file], { encoding: "utf8" });
    return { status, stdout };
  };

  test("is of the type that its library sends", () => {
    assert.deepEqual(check(), { status: 0, stdout: "" });
  });

  test("of another shape would not be", () => {
    const { status, stdout } = check((body) => ({ ...body, steam: true }));
    assert.notEqual(status, 0);
    assert.equal(stdout.match(/steam"' does not exist/g)?.length, 3, stdout);
  });
});
