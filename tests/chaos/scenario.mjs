// The conversation that is had in every run, and all that can be seen of it afterwards.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { App } from "../support/app.mjs";
import { readFeed } from "../support/feed.mjs";
import { until } from "../support/wait.mjs";
import { SAY } from "./script.mjs";

/** How long one thing may take in a run in which things are killed, in milliseconds. */
const PATIENCE_MS = 240_000;
const NAME = "Tally";

/** One conversation. `run` tells its keys from those of others. */
export class Scenario {
  /** What was accepted: `{turn, content}`. */
  accepted = [];
  #asks = () => {};
  #told = () => {};

  constructor(stack, run) {
    this.stack = stack;
    this.run = run;
  }

  /** Has the conversation. */
  async play() {
    this.before = await this.#usage();
    this.apps = await this.#countApps();
    const created = await this.#ask("POST", "/v1/apps", { prompt: SAY.make }, "make");
    this.app = new App(this.stack, created);
    this.accepted.push({ turn: this.app.turn, content: SAY.make });
    const edit = await this.#say("edit");
    await this.#over(edit);
    await this.#over(await this.#say("ask"));
    await this.#over(await this.#say("mend"));
    await this.#ask("PATCH", `/v1/apps/${this.app.id}`, { name: NAME }, "name");
  }

  /** The moment at which a client hears something: an answer, or an event of the feed. */
  async news() {
    const answer = new Promise((resolve) => {
      this.#told = resolve;
    });
    const { feed } = this.app ?? {};
    const event = feed?.find("an event", () => true, { from: feed.events.length }).catch(() => {});
    await Promise.race([answer, sleep(2_000), ...(event ? [event] : [])]);
  }

  /** The moment at which a client has sent something. */
  async question() {
    await Promise.race([new Promise((resolve) => {
      this.#asks = resolve;
    }), sleep(2_000)]);
  }

  /** Asks until there is an answer, as a client does whose server is away, and once more, as if that had been lost. */
  async #ask(method, target, body, what) {
    const headers = {
      authorization: `Bearer ${this.stack.token}`, "content-type": "application/json", "idempotency-key": `${this.run}-${what}`,
    };
    const ask = () => until(`an answer to ${method} ${target}`, async () => {
      const signal = AbortSignal.timeout(20_000);
      const answering = this.stack.request(target, { method, headers, body: JSON.stringify(body), signal });
      this.#asks();
      const answer = await answering;
      if (answer.status >= 500) return undefined;
      assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.text}`);
      this.#told();
      return answer.json();
    }, { timeoutMs: PATIENCE_MS });
    const first = await ask();
    const again = await ask();
    assert.deepEqual([again.app?.id, again.turn?.id], [first.app?.id, first.turn?.id], `${method} ${target} asked twice`);
    return first;
  }

  async #say(what) {
    const { turn } = await this.#ask("POST", `/v1/apps/${this.app.id}/messages`, { content: SAY[what] }, what);
    this.accepted.push({ turn: turn.id, content: SAY[what] });
    return turn.id;
  }

  #over(turn) {
    return this.app.feed.turnFinished(turn, { timeoutMs: PATIENCE_MS });
  }

  /** Everything that there is to see when all is at rest and nothing is killed any more. */
  async look() {
    const { app } = this;
    const over = () => {
      const ended = new Set(app.feed.of("build_finished").map(({ build }) => build));
      return app.feed.of("build_queued").every(({ build }) => ended.has(build));
    };
    await until("the builds to end", over, { timeoutMs: PATIENCE_MS });
    const cost = costs(app.feed.events);
    const spent = await late(async () => difference(await this.#usage(), this.before), (now) => same(now, { ...cost, steps: now.steps }));
    const shown = await app.show();
    const listed = await late(() => this.#listed(), (now) => same(now, shown));
    const versions = (await app.versions()).reverse();
    const { files } = await app.get("/files?limit=200");
    const builds = app.feed.of("build_queued").map(({ build }) => app.get(`/builds/${build}`));
    const events = [...app.feed.events];
    return {
      app: shown,
      listed,
      apps: (await this.#countApps()) - this.apps,
      served: await app.served(),
      page: await page(app),
      accepted: this.accepted,
      events,
      again: await readFeed(this.stack, app.id, { upTo: events.length }),
      messages: await app.messages(),
      versions,
      manifests: await Promise.all(versions.map(async ({ number }) => (await app.version(number)).files)),
      files,
      contents: await Promise.all(files.map(async ({ path }) => [path, sha256((await app.read(path)).bytes)])),
      builds: (await Promise.all(builds)).map(({ build }) => build),
      cost,
      spent,
      usage: await app.get("/usage"),
    };
  }

  close() {
    this.app?.close();
  }

  /** The app as the workspace knows it. */
  async #listed() {
    const { apps } = (await this.stack.api("GET", "/v1/apps?limit=200")).body;
    return apps.find(({ id }) => id === this.app.id);
  }

  #countApps() {
    return until("the apps", async () => (await this.stack.api("GET", "/v1/apps?limit=200")).body.apps.length);
  }

  async #usage() {
    const usage = await until("the ledger", async () => (await this.stack.api("GET", "/v1/usage")).body);
    return { billed: usage.billed.tokens, unbilled: usage.unbilled.tokens, held: usage.total.tokens, steps: usage.total.steps };
  }
}

/** What the app's address serves: its page, and what that names. */
async function page(app) {
  const { status, text } = await app.preview();
  const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file);
  const contents = files.map(async (file) => {
    const answer = await app.preview(file);
    return { file, status: answer.status, content: sha256(answer.bytes) };
  });
  return [{ status, text }, ...(await Promise.all(contents))];
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** What jobs tell a moment later: as it is to be, or in the end as it is. */
function late(look, isRight) {
  const right = async () => {
    const now = await look();
    return isRight(now) && now;
  };
  return until("it to be told", right, { timeoutMs: 15_000, everyMs: 100 }).catch(look);
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const KINDS = ["input", "cache_read", "cache_write", "output"];

/** What a feed says that its calls have cost, those apart that are not billed; and nothing is held for any that is over. */
function costs(events) {
  const sum = { billed: Object.fromEntries(KINDS.map((kind) => [kind, 0])), unbilled: Object.fromEntries(KINDS.map((kind) => [kind, 0])), held: 0 };
  for (const event of events) {
    if (event.kind !== "step_finished" && event.kind !== "attempt_voided") continue;
    const side = event.billing_ignore === false ? sum.billed : sum.unbilled;
    for (const kind of KINDS) {
      side[kind] += event.spent.usage[kind] ?? 0;
      sum.held += event.spent.usage[kind] ?? 0;
    }
  }
  return sum;
}

function difference(now, before) {
  const less = (side) => Object.fromEntries(KINDS.map((kind) => [kind, now[side][kind] - before[side][kind]]));
  return { billed: less("billed"), unbilled: less("unbilled"), held: now.held - before.held, steps: now.steps - before.steps };
}
