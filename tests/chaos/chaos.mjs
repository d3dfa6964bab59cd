// Kills workerd, the builder and the model's double while an app is talked to: at every boundary of its journal, and at random.
// However that goes, the app has to come to what it comes to undisturbed: node tests/chaos/chaos.mjs [--kills N] [--seed S].
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { startStack } from "../../xtask/local/harness.mjs";
import { assertNoPanic } from "../support/problem.mjs";
import { random, seed as chance } from "../support/random.mjs";
import { account, differences, doubled, gaps, lost } from "./compare.mjs";
import { Killer } from "./killer.mjs";
import { Double, Parts } from "./parts.mjs";
import { EACH_RANDOM, plan, runs } from "./plan.mjs";
import { print, shown } from "./report.mjs";
import { Scenario } from "./scenario.mjs";
import { Journal, Witness } from "./witness.mjs";

/** Nobody looks at what is built; whoever kills on purpose does not wait for what was killed. */
const ENV = { OVERSKILL_RENDER_CHECK: "off", OVERSKILL_RESTART_AT_ONCE: "1" };
/** What is taken from the cache is in no builder's hands. */
const UNCACHED = { OVERSKILL_VAR_BUILD_CACHE_SECONDS: "0" };

/** Fewer kills than these are a sample, which is to be done soon. */
const SAMPLE = 100;

/** Everything that runs, and what came of it. */
class Chaos {
  /** By run: `{name, part, passed, kills, seconds, lost, doubled, differences, gaps}`. */
  results = [];
  /** Stacks whose log tells of a crash inside. */
  crashed = 0;
  attached = [];
  away = [];
  /** What comes in every run. */
  boundaries = [];
  #number = 0;
  #more;

  constructor({ kills, seed, log }) {
    Object.assign(this, { kills, seed, log, next: random(seed) });
  }

  /** Starts a stack in the place of the one before; `more` is of its environment. */
  async startStack(more = this.#more) {
    this.#more = more;
    await this.#stopStack();
    this.double ??= await Double.start();
    this.witness ??= await Witness.start();
    this.stack = await startStack({ env: { ...ENV, ...more, ...this.double.env, ...this.witness.env } });
    this.parts = new Parts(this.stack, this.double);
  }

  async #stopStack(options) {
    if (!this.stack) return;
    const { stack } = this;
    this.stack = undefined;
    try {
      assertNoPanic(stack);
    } catch (error) {
      this.crashed += 1;
      this.log(`  ${error.message}`);
    }
    await stack.stop(options);
  }

  async stop() {
    await this.#stopStack();
    this.double?.stop();
    this.witness?.stop();
  }

  get killed() {
    return this.results.reduce((sum, { kills }) => sum + kills.length, 0);
  }

  /** The boundaries that a part was killed at. */
  hit(part) {
    const all = this.results.filter((result) => result.part === part).flatMap(({ kills }) => kills.map(({ at }) => at));
    return new Set(all.filter(Boolean));
  }

  /** Plays the scenario once. `at` names boundaries for `part` to be killed at; `chance` is how many kills come at random. */
  async run(name, { part, at = new Set(), chance = 0 }) {
    this.#number += 1;
    const started = performance.now();
    const scenario = new Scenario(this.stack, `run-${this.seed}-${this.#number}`);
    const journal = new Journal();
    const killer = new Killer({ parts: this.parts, journal, scenario });
    const passed = new Set();
    this.witness.hear = async (entry) => {
      const boundary = journal.name(entry);
      const isDue = at.has(boundary) && !passed.has(boundary) && killer.allows(part);
      if (!isDue) {
        if (!at.has(boundary)) passed.add(boundary);
        return true;
      }
      passed.add(boundary);
      await killer.kill(part, boundary);
      return part !== "workerd";
    };
    const over = new AbortController();
    const result = { name, part, passed, kills: killer.kills, lost: [], doubled: [], gaps: [], differences: [] };
    try {
      const chances = killer.chance(this.next, chance, over.signal);
      await Promise.all([chances, scenario.play().finally(() => over.abort())]);
      this.witness.hear = async () => true;
      await killer.back();
      const seen = await scenario.look();
      result.account = account(seen);
      Object.assign(result, { lost: lost(seen), doubled: doubled(seen), gaps: gaps(seen) });
      if (this.expected) result.differences = differences(this.expected, result.account);
    } catch (error) {
      over.abort();
      killer.stop();
      // What a reader of the feed says of its numbers.
      const isGap = /^event \d+ /.test(error.message);
      result[isGap ? "gaps" : "differences"].push(isGap ? error.message : { section: "run", error: error.stack, cause: error.cause });
      await this.#startAnew(scenario);
    } finally {
      scenario.close();
    }
    this.attached.push(...killer.attached);
    this.away.push(...killer.away);
    result.seconds = (performance.now() - started) / 1_000;
    this.results.push(result);
    this.log(shown(result));
    return result;
  }

  /** What has failed in the middle may still be at something. */
  async #startAnew(scenario) {
    const kept = path.join(this.stack.state, "..", `overskill-chaos-${scenario.run}`);
    this.witness.hear = async () => true;
    const { state } = this.stack;
    await this.#stopStack({ keep: true });
    fs.rmSync(kept, { recursive: true, force: true });
    fs.renameSync(state, kept);
    this.log(`  its state and logs are kept: ${kept}`);
    await this.startStack();
  }

  /** Plays it undisturbed, and where there is time for it twice: the boundaries that both have passed, which come in every run. */
  async undisturbed(name) {
    const first = await this.run(name, {});
    this.expected ??= first.account;
    if (this.kills < SAMPLE) return [...first.passed];
    const again = await this.run(`${name} again`, {});
    return [...first.passed].filter((boundary) => again.passed.has(boundary));
  }

  /** Kills workerd at boundaries; in each round at those that one before has kept from being reached. */
  async workerdAt(boundaries, name, rounds = 3) {
    for (let round = 1; round <= rounds; round += 1) {
      const hit = this.hit("workerd");
      const left = runs("workerd", boundaries.filter((boundary) => !hit.has(boundary)));
      for (const [n, run] of left.entries()) await this.run(`${name} ${n + 1}/${left.length}`, run);
    }
  }

  /** The same with the build cache: nothing is built but what fails, and the app makes copies of what it takes. */
  async cached() {
    await this.startStack({});
    await this.run("cached for the first time", {});
    const boundaries = await this.undisturbed("cached");
    const copies = boundaries.filter((boundary) => / copy\//.test(boundary)).slice(0, Math.max(0, this.kills - this.killed));
    this.boundaries.push(...copies);
    await this.workerdAt(copies, "cached, workerd");
    await this.chance(this.kills, "cached, at random");
  }

  /** Kills at random until so many were killed. */
  async chance(until, name) {
    // Where nothing can be killed any more, there is no end to it.
    for (let kills = 1; kills > 0 && this.killed < until;) {
      ({ kills: { length: kills } } = await this.run(name, { part: "random", chance: Math.min(EACH_RANDOM, until - this.killed) }));
    }
  }
}

/** The whole of it; what came of it. */
export async function chaos({ kills, seed, log = console.log }) {
  const chaos = new Chaos({ kills, seed, log });
  try {
    log(`${kills} kills, --seed ${seed}`);
    await chaos.startStack(UNCACHED);
    chaos.boundaries = await chaos.undisturbed("undisturbed");
    if (!chaos.expected) return chaos;
    log(`${chaos.boundaries.length} boundaries`);
    const planned = plan({ kills, seed, boundaries: chaos.boundaries });
    const isWhole = planned.workerd.length === chaos.boundaries.length;
    await chaos.workerdAt(planned.workerd, "workerd", isWhole ? 3 : 1);
    for (const part of ["builder", "double"]) {
      const all = runs(part, planned[part]);
      for (const [n, run] of all.entries()) await chaos.run(`${part} ${n + 1}/${all.length}`, run);
    }
    await chaos.chance(isWhole ? chaos.killed + Math.floor((kills - chaos.killed) / 3) : kills, "at random");
    if (isWhole) await chaos.cached();
    return chaos;
  } finally {
    await chaos.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { values } = parseArgs({ options: { kills: { type: "string", default: "200" }, seed: { type: "string", default: String(chance) } } });
  const found = await chaos({ kills: Number(values.kills), seed: Number(values.seed) });
  process.exit(print(found) ? 0 : 1);
}
