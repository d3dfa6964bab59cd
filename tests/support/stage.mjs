// A stack whose models are a double, and apps that each follow a script of their own: what a turn is held to whatever goes wrong.
import assert from "node:assert/strict";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "./app.mjs";
import { saidIn } from "./feed.mjs";
import { KEYS, ModelDouble } from "./model.mjs";
import { assertNoPanic } from "./problem.mjs";
import { until } from "./wait.mjs";

/** A model of each format. */
export const MODELS = { anthropic: "claude-test", "openai-responses": "gpt-test", "openai-chat": "openai-chat/llama" };

/** The most requests of one step to one provider: what the policy of calls allows where nobody stands in. */
const MOST_REQUESTS = 6;

/** What stands before each message of an app, so that its calls are known: prompts are all that models are told of it. */
const NAMED = /(?:^|\n)\[(app \d+)\] /;

/** Whose call it is. */
function nameOf({ said }) {
  const asked = said?.messages.findLast(({ role, text }) => role === "user" && NAMED.test(text));
  return NAMED.exec(asked?.text ?? "")?.[1];
}

/** An app that follows a script. */
class Actor extends App {
  /** The calls of its models, in the order in which they came. */
  calls = [];

  constructor(stage, name, answer) {
    super(stage.stack, answer);
    this.name = name;
  }

  say(content, headers) {
    return super.say(`[${this.name}] ${content}`, headers);
  }

  cancel(turn = this.turn, headers) {
    return this.api("POST", `/turns/${turn}/cancel`, undefined, headers);
  }

  /** Deletes the app: nothing of it can be looked at any more. */
  async delete() {
    this.close();
    this.isDeleted = true;
    return this.api("DELETE", "");
  }

  /** The events of a turn of these kinds, as they came. */
  told(turn, ...kinds) {
    return this.feed.events.filter((event) => event.turn === turn && kinds.includes(event.kind));
  }

  /** What a step has said: the deltas of its last attempt. */
  text(turn, step) {
    return saidIn(this.told(turn, "text_delta", "attempt_voided"), step);
  }

  /** The end of a turn, however it ends, and what must be true of it in any case. */
  async ended(turn = this.turn, options) {
    const end = await this.feed.turnFinished(turn, options);
    this.assertOrderly(turn);
    return end;
  }

  /** Every call of a tool has one result; no model is asked too often, or told of a call without its result. */
  assertOrderly(turn) {
    const ids = (kind) => this.told(turn, kind).map(({ step, call }) => `${step} ${call}`).sort();
    const called = ids("tool_call");
    assert.equal(new Set(called).size, called.length, `a call twice: ${called}`);
    assert.deepEqual(ids("tool_result"), called, "each call has one result");
    const asked = Map.groupBy(this.calls, ({ provider, said }) => `${provider} ${JSON.stringify(said.messages)}`);
    for (const [what, calls] of asked) {
      assert.ok(calls.length <= MOST_REQUESTS, `${calls.length} requests: ${what.slice(0, 200)}`);
    }
    for (const { said } of this.calls) {
      for (const [at, { calls }] of said.messages.entries()) {
        const answered = said.messages[at + 1]?.results ?? [];
        assert.deepEqual(calls.map(({ id }) => id).sort(), answered.map(({ id }) => id).sort());
      }
    }
  }
}

export class Stage {
  #actors = new Map();
  #count = 0;
  /** Everything that the API has answered. */
  #answered = [];

  /**
   * @param {string[]} models which answer: the first where an app asks for none, the others in its stead
   * @param {{vars?: Record<string, string>, env?: object, double?: object}} [options] `vars`: variables of the Worker; `double`:
   *   options of the double
   */
  static async start(models, { vars = {}, env = {}, double = {} } = {}) {
    const stage = new Stage();
    stage.double = await ModelDouble.start({ ...double, answer: (call) => stage.#answer(call) });
    const variables = Object.entries({ MODEL: models.join(","), ...vars });
    stage.stack = await startStack({
      env: { ...stage.double.env, ...Object.fromEntries(variables.map(([name, value]) => [`OVERSKILL_VAR_${name}`, value])), ...env },
    }).catch(async (error) => {
      await stage.double.stop();
      throw error;
    });
    const api = stage.stack.api.bind(stage.stack);
    stage.stack.api = async (...call) => {
      const answer = await api(...call);
      stage.#answered.push(answer.text);
      return answer;
    };
    return stage;
  }

  /**
   * An app, with its first turn begun.
   * @param {object[] | ((call: object, n: number) => object)} script what its calls are answered, one after the other; the last
   *   answer is given again and again
   * @param {{prompt?: string, model?: string, accepted?: () => Promise<void>}} [options] `accepted` is called when the app was accepted,
   *   and waited for before its feed is followed
   */
  async app(script, { prompt = "A recipe box", model, accepted = async () => {} } = {}) {
    this.#count += 1;
    const name = `app ${this.#count}`;
    const answer = typeof script === "function" ? script : (_, n) => script[Math.min(n, script.length - 1)];
    const calls = [];
    this.#actors.set(name, { answer, calls });
    const created = await this.stack.api("POST", "/v1/apps", { prompt: `[${name}] ${prompt}`, model });
    assert.equal(created.status, 201, created.text);
    await accepted();
    const actor = new Actor(this, name, created.body);
    actor.calls = calls;
    this.#actors.get(name).actor = actor;
    return actor;
  }

  /** Gives an app another script; its calls are counted from 0 again. */
  follow(actor, script) {
    const known = this.#actors.get(actor.name);
    const from = known.calls.length;
    known.answer = (call, n) => (typeof script === "function" ? script(call, n - from) : script[Math.min(n - from, script.length - 1)]);
  }

  #answer(call) {
    const known = this.#actors.get(nameOf(call));
    if (!known) throw new Error(`nobody's call: ${JSON.stringify(call.said?.messages).slice(0, 500)}`);
    known.calls.push(call);
    return known.answer(call, known.calls.length - 1);
  }

  /** The keys are in nothing that anybody is shown, nothing has crashed, and no request broke a provider's rules. */
  async assertClean() {
    const actors = [...this.#actors.values()].map(({ actor }) => actor);
    const messages = await Promise.all(actors.filter(({ isDeleted }) => !isDeleted).map((actor) => actor.messages()));
    const logs = ["dev", "worker", "builder"].map((name) => this.stack.log(name));
    const shown = [...logs, ...this.#answered, JSON.stringify(messages), ...actors.map(({ feed }) => JSON.stringify(feed.events))];
    for (const key of Object.values(KEYS)) {
      assert.ok(shown.every((text) => !text.includes(key)), `a key is shown: ${shown.find((text) => text.includes(key))?.slice(0, 2000)}`);
    }
    assertNoPanic(this.stack);
    const refused = this.double.calls.filter(({ said }) => !said);
    assert.deepEqual(refused.map(({ request, status }) => [status, request]), []);
  }

  /** Waits for a call of an app that `matches`. */
  called(actor, matches = () => true) {
    return until("a call of a model", () => actor.calls.find(matches));
  }

  async stop() {
    this.#actors.forEach(({ actor }) => actor?.close());
    await this.stack.stop();
    await this.double.stop();
  }
}
