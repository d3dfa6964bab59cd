// Twenty turns with two providers, from the first prompt to a thank-you: what was said, done and paid is a snapshot.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { TURNS, answer, told } from "../support/conversation.mjs";
import { ModelDouble } from "../support/model.mjs";
import { until } from "../support/wait.mjs";

const SNAPSHOT = path.join(import.meta.dirname, "../support/conversation/twenty-turns.json");

test("a conversation of twenty turns with two providers", async () => {
  const double = await ModelDouble.start({ answer, caching: true });
  const stack = await startStack({ env: { ...double.env, OVERSKILL_VAR_MODEL_STALL_SECONDS: "60" } });
  let app;
  try {
    const turns = [];
    for (const [index, { say, mode, cancel, outcome = "completed" }] of TURNS.entries()) {
      let turn;
      if (index === 0) {
        app = await App.create(stack, say);
        turn = app.turn;
      } else {
        const said = await app.api("POST", "/messages", { content: say, ...(mode && { mode }) });
        assert.equal(said.status, 202, said.text);
        turn = said.body.turn.id;
      }
      if (cancel) {
        await app.feed.find("the beginning of the answer", (event) => event.kind === "text_delta" && event.turn === turn);
        assert.equal((await app.api("POST", `/turns/${turn}/cancel`)).status, 202);
      }
      const end = await app.feed.turnFinished(turn);
      assert.equal(end.outcome, outcome, `“${say}”: ${JSON.stringify(end)}`);
      await app.settled();
      if (cancel) await until("the double to see it", () => double.calls.some((call) => call.closed === "by client"));
      // What was deleted comes back with an earlier version, and goes again: what follows stands on the same files.
      if (say === "forget the share") {
        const { version } = await app.show();
        const restored = await app.api("POST", `/versions/${version - 1}/restore`);
        assert.equal(restored.status, 201, restored.text);
        assert.ok((await app.read("src/lib/share.ts")).text.includes("shared"));
        await app.settled();
      }
      turns.push({ say, ...told(app.feed.events, turn) });
    }
    const { events } = app.feed;
    const calls = events.filter((event) => event.kind === "tool_call").map((event) => event.call);
    const results = events.filter((event) => event.kind === "tool_result").map((event) => event.call);
    assert.deepEqual(results.sort(), calls.sort(), "every call has one result");
    const messages = (await app.messages()).map(({ role, content }) => `${role}: ${content}`);
    const versions = (await app.versions()).reverse().map(({ number, author, summary, files }) => `${number} ${author}, ${files} files: ${summary}`);
    const usage = await app.get("/usage");
    delete usage.builder_ms;
    const found = { turns, messages, versions, usage };
    if (process.env.UPDATE) fs.writeFileSync(SNAPSHOT, `${JSON.stringify(found, null, 1)}\n`);
    assert.deepEqual(found, JSON.parse(fs.readFileSync(SNAPSHOT, "utf8")));
    // Everything but the very first step, of all answers that Claude gave.
    const steps = turns.flatMap((turn) => turn.steps).filter((step) => step.model?.startsWith("claude")).slice(1);
    const sum = (name) => steps.reduce((total, step) => total + step[name], 0);
    const share = sum("cache_read") / (sum("input") + sum("cache_read") + sum("cache_write"));
    console.log(`  ${steps.length + 1} answers of Claude, ${(100 * share).toFixed(1)} % of what it read after the first came out of the cache`);
    assert.ok(share >= 0.8, `${share}`);
    const total = await stack.api("GET", "/v1/usage");
    assert.deepEqual(total.body.billed, usage.billed, "the workspace pays what its app has cost");
  } finally {
    app?.close();
    await stack.stop();
    await double.stop();
  }
});
