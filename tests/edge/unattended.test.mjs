// kill -9 of workerd while a model has the word and nobody looks: the conversation goes on by itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Witness } from "../chaos/witness.mjs";
import { MODELS, Stage } from "../support/stage.mjs";
import { until } from "../support/wait.mjs";

let witness;
let stage;

before(async () => {
  witness = await Witness.start();
  stage = await Stage.start([MODELS.anthropic], { env: witness.env });
});

after(async () => {
  await stage?.stop();
  witness?.stop();
});

describe("a turn whose process ended, with no client left", () => {
  for (const point of ["begun", "heard", "done"]) {
    test(`gets on when it was killed as the journal said ${point}`, async () => {
      let killed;
      witness.hear = async (entry) => {
        if (killed || entry.point !== point || (point === "done" && !entry.of.startsWith("tools/"))) return true;
        killed = stage.stack.killWorker();
        return false;
      };
      const write = { calls: [{ name: "write_file", input: { path: "src/note.ts", content: `export const at = "${point}"\n` } }] };
      const app = await stage.app(({ said }) => (said.step === 0 ? write : { text: "It is written." }));
      app.close();
      await until("the process to end", () => killed);
      await stage.stack.waitHealthy({ not: killed });
      // The list is the workspace's: it asks no conversation for anything.
      const listed = async () => (await stage.stack.api("GET", "/v1/apps")).body.apps.find(({ id }) => id === app.id);
      await until("the app to be ready", async () => (await listed()).status === "ready");
      assert.equal((await listed()).preview_version, 2);
    });
  }
});
