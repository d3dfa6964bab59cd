// Reading an app's feed as a browser does: server-sent events, resumed after the last one that arrived.
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { TURN_MS } from "./wait.mjs";

/** Splits a stream of text into server-sent events; `push` does not care how the text was cut. */
export class EventParser {
  #rest = "";

  push(text) {
    this.#rest += text;
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop();
    const events = [];
    for (const block of blocks) {
      const fields = { id: undefined, event: undefined, data: [] };
      for (const line of block.split("\n")) {
        const [, name, value] = /^([a-z]+):? ?(.*)$/.exec(line) ?? [];
        if (name === "data") fields.data.push(value);
        else if (name === "id" || name === "event") fields[name] = value;
      }
      if (fields.data.length > 0) events.push({ ...fields, data: fields.data.join("\n") });
    }
    return events;
  }
}

/**
 * Follows a feed and holds it to its promise: every number once, in order, without a gap, also over connections that
 * break. Where older parts were compacted, an event may stand for others before it, and says so in `since`. What breaks the promise
 * makes every waiter fail.
 */
export class Feed {
  /** The events' data, in order. */
  events = [];
  /** How often a connection was opened. */
  connections = 0;
  /** When the first bytes of each connection came that the feed was read on. */
  attached = [];
  #stack;
  #target;
  #headers;
  #after;
  #call;
  #closed = false;
  #fault;
  #listeners = new Set();

  constructor(stack, app, { after = 0, headers } = {}) {
    this.#stack = stack;
    this.#target = `/v1/apps/${app}/feed`;
    this.#headers = headers ?? { authorization: `Bearer ${stack.token}` };
    this.#after = after;
    this.#follow();
  }

  /** The number of the last event that arrived. */
  get last() {
    return this.events.at(-1)?.seq ?? this.#after;
  }

  /** The first event, from the `from`th that arrived, that `matches`; it may have come already. */
  async find(what, matches, { from = 0, timeoutMs = TURN_MS } = {}) {
    let next = from;
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle(value);
      };
      const look = () => {
        if (this.#fault) return finish(reject, this.#fault);
        for (; next < this.events.length; next += 1) {
          if (matches(this.events[next])) return finish(resolve, this.events[next]);
        }
      };
      const timer = setTimeout(() => {
        const tail = this.events.slice(-8).map((event) => JSON.stringify(event).slice(0, 300)).join("\n  ");
        finish(reject, new Error(`no ${what} in the feed after ${timeoutMs} ms; it ends with\n  ${tail}`));
      }, timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }

  /** The end of a turn. */
  turnFinished(turn, options) {
    return this.find(`end of turn ${turn}`, (event) => event.kind === "turn_finished" && event.turn === turn, options);
  }

  /** All events of a kind that arrived so far. */
  of(kind) {
    return this.events.filter((event) => event.kind === kind);
  }

  close() {
    this.#closed = true;
    this.#call?.destroy();
  }

  async #follow() {
    while (!this.#closed && !this.#fault) {
      await new Promise((done) => this.#connect(done));
      // Does not keep a program alive whose stack is gone.
      if (!this.#closed) await sleep(50, undefined, { ref: false });
    }
  }

  #connect(done) {
    this.connections += 1;
    const headers = { ...this.#headers, host: `localhost:${this.#stack.port}` };
    if (this.last > 0) headers["last-event-id"] = String(this.last);
    const parser = new EventParser();
    this.#call = http.request(
      { host: "127.0.0.1", port: this.#stack.port, path: this.#target, headers, agent: false },
      (answer) => {
        if (answer.statusCode !== 200) {
          // 5xx is a stack on its way up; anything else stays what it is.
          if (answer.statusCode < 500) this.#fail(`the feed answers ${answer.statusCode}`);
          answer.resume();
        }
        answer.setEncoding("utf8");
        if (answer.statusCode === 200) answer.once("data", () => this.attached.push(performance.now()));
        answer.on("data", (text) => answer.statusCode === 200 && parser.push(text).forEach((event) => this.#take(event)));
        answer.on("error", () => {});
        answer.on("close", done);
      },
    );
    this.#call.on("error", done);
    this.#call.end();
  }

  #take({ id, event, data }) {
    const parsed = JSON.parse(data);
    const { seq, since = seq } = parsed;
    if (!(since <= this.last + 1 && seq > this.last)) this.#fail(`event ${id} follows ${this.last}: ${data}`);
    else if (seq !== Number(id) || since > seq || parsed.kind !== event) this.#fail(`event ${id} (${event}) says otherwise: ${data}`);
    else this.events.push(parsed);
    for (const look of [...this.#listeners]) look();
  }

  #fail(reason) {
    this.#fault ??= new Error(reason);
    for (const look of [...this.#listeners]) look();
  }
}

/** What a step has said, from the events of its turn: words of attempts that came to nothing do not count. */
export function saidIn(events, step) {
  let said = "";
  for (const event of events.filter((event) => event.step === step)) {
    if (event.kind === "attempt_voided") said = "";
    if (event.kind === "text_delta") said = event.whole ? event.text : said + event.text;
  }
  return said;
}

/** The feed from after `after` to the event `upTo`, over a connection of its own. */
export async function readFeed(stack, app, { after = 0, upTo, headers } = {}) {
  const feed = new Feed(stack, app, { after, headers });
  try {
    await feed.find(`event ${upTo}`, (event) => event.seq === upTo);
    return feed.events.filter(({ seq }) => seq <= upTo);
  } finally {
    feed.close();
  }
}
