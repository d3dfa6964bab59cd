// Fifty builds while everything that works on them is killed in turn, and fifty while the builder has hardly a seat.
import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { startStack } from "../../xtask/local/harness.mjs";
import { BUILDS, Fleet } from "../support/builds.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { random, seed } from "../support/random.mjs";
import { until } from "../support/wait.mjs";

/** What is built is small; nobody needs to look at it. */
const env = { OVERSKILL_RENDER_CHECK: "off" };

/** The children of a process. */
function children(parent) {
  return fs.readdirSync("/proc").filter((id) => /^\d+$/.test(id)).map(Number).filter((id) => {
    try {
      return new RegExp(`^PPid:\\s+${parent}$`, "m").test(fs.readFileSync(`/proc/${id}/status`, "utf8"));
    } catch {
      return false; // It has ended since.
    }
  });
}

describe("during fifty builds", () => {
  test("the builder, its workers and workerd are killed in turn: fifty results, none twice, none lost", async () => {
    console.log(`SEED=${seed}`);
    const stack = await startStack({ env });
    let fleet;
    try {
      fleet = await Fleet.create(stack);
      const started = Date.now();
      const next = random();
      const kills = {
        builder: () => stack.waitHealthy({ not: stack.killBuilder() }),
        workers: () => {
          const workers = children(stack.builderPid);
          assert.ok(workers.length > 0, "there are workers");
          for (const worker of workers) process.kill(worker, "SIGKILL");
        },
        workerd: async () => {
          await until("messages to be pending", () => fleet.pending > 0);
          await stack.waitHealthy({ not: stack.killWorker() });
        },
      };
      const killed = [];
      const kill = async () => {
        for (let round = 0; round < 9; round += 1) {
          const [what, how] = Object.entries(kills)[round % 3];
          await until("builds to go on", () => fleet.ended.length >= round * 5, { timeoutMs: 150_000 });
          await sleep(next() * 500);
          await how();
          killed.push(what);
        }
      };
      await Promise.all([fleet.build(), kill()]);
      assert.deepEqual(Object.keys(kills).map((what) => killed.filter((one) => one === what).length), [3, 3, 3]);
      await fleet.assertWhole();
      const retries = fleet.of("build_retrying");
      assert.ok(retries.length > 0, "something was hit");
      assert.ok(fleet.of("build_finished").every((event) => event.status === "succeeded"));
      assertNoPanic(stack);
      console.log(`  ${BUILDS} builds, ${killed.length} kills, ${retries.length} retries, ${Math.round((Date.now() - started) / 1000)} s`);
    } finally {
      fleet?.close();
      await stack.stop();
    }
  });
});

describe("a builder with two slots and no place to wait", () => {
  test("has fifty builds to do, and none fails for it", async () => {
    const stack = await startStack({ env: { ...env, OVERSKILL_BUILDER_FLAGS: "--slots 2 --queue 0" } });
    let fleet;
    try {
      fleet = await Fleet.create(stack);
      const started = Date.now();
      await fleet.build();
      await fleet.assertWhole();
      const retries = fleet.of("build_retrying");
      assert.ok(retries.length > 0, "some found every seat taken");
      assert.deepEqual([...new Set(retries.map((event) => event.reason))], ["the builder is busy"]);
      console.log(`  ${BUILDS} builds, ${retries.length} found no seat, ${Math.round((Date.now() - started) / 1000)} s`);
    } finally {
      fleet?.close();
      await stack.stop();
    }
  });
});
