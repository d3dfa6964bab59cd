// How many bytes the script of an app may have is a setting: what finds no room in it is served from beside it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assets } from "../support/deployments.mjs";

const BUDGET = 40_000;

test("a script keeps to the budget that is set, and the app works all the same", async () => {
  const stack = await startStack({ env: { OVERSKILL_VAR_SCRIPT_BUDGET: String(BUDGET), OVERSKILL_RENDER_CHECK: "off" } });
  const app = await App.create(stack);
  try {
    await app.completed();
    await app.settled();
    const { sizes, status } = (await app.get(`/builds/${app.feed.of("build_finished").at(-1).build}`)).build;
    assert.deepEqual([status, sizes.budget], ["succeeded", BUDGET]);
    assert.ok(sizes.script_bytes <= BUDGET, `${sizes.script_bytes} bytes`);
    assert.ok(sizes.assets.some(({ place }) => place === "without_room"), JSON.stringify(sizes));
    const page = await app.preview("/", { headers: { accept: "text/html" } });
    for (const file of assets(page.text)) assert.equal((await app.preview(file)).status, 200, file);
  } finally {
    app.close();
    await stack.stop();
  }
});
