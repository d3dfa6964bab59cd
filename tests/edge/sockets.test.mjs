// The feed over WebSockets: the same events as over server-sent events, for many readers, slow ones among them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { readFeed } from "../support/feed.mjs";
import { ModelDouble } from "../support/model.mjs";
import { until } from "../support/wait.mjs";

const READERS = 1000;

let double;
let stack;

before(async () => {
  const answer = ({ said }) => said.last.endsWith("long") ? { text: "word ".repeat(150_000) } : { text: "Yes." };
  double = await ModelDouble.start({ answer });
  stack = await startStack({ env: double.env });
});

after(async () => {
  await stack?.stop();
  await double?.stop();
});

/** A reader over a WebSocket. */
class Socket {
  events = [];
  code;

  constructor(app, { after: from, headers = { authorization: `Bearer ${stack.token}` } } = {}) {
    const query = from === undefined ? "" : `?after=${from}`;
    this.socket = new WebSocket(`ws://localhost:${stack.port}/v1/apps/${app}/feed${query}`, { headers });
    this.socket.onmessage = ({ data }) => this.events.push(data === "pong" ? data : JSON.parse(data));
    this.ended = new Promise((resolve) => {
      this.socket.onclose = ({ code, reason }) => resolve({ code, reason });
      this.socket.onerror = () => {};
    });
  }

  get last() { return this.events.at(-1)?.seq ?? 0; }

  async caughtUp(seq) {
    await until(`event ${seq}`, () => this.last >= seq);
    return this;
  }

  close() { this.socket.close(); }
}

describe("a reader over a WebSocket", () => {
  test("hears what others hear over server-sent events, from any number on", async () => {
    const app = await App.create(stack, "hello");
    const socket = new Socket(app.id);
    await app.completed();
    await app.settled();
    const { last } = app.feed;
    await socket.caughtUp(last);
    assert.deepEqual(socket.events, await readFeed(stack, app.id, { upTo: last }));
    for (const from of [1, last - 1, last]) {
      const resumed = new Socket(app.id, { after: from });
      const end = app.feed.last;
      if (from < end) await resumed.caughtUp(end);
      assert.deepEqual(resumed.events, app.feed.events.slice(from, end), `after ${from}`);
      resumed.close();
    }
    socket.socket.send("ping");
    await until("a pong", () => socket.events.includes("pong"));
    socket.socket.send("nonsense");
    socket.socket.send(JSON.stringify({ ack: 1e9 }));
    const { turn } = (await app.api("POST", "/messages", { content: "again" })).body;
    await app.completed(turn.id);
    await until("the end of the turn", () => socket.events.some((event) => event.kind === "turn_finished" && event.turn === turn.id));
    socket.close();
    app.close();
  });

  test("goes on after the Worker was killed, without a gap or a repetition", async () => {
    const app = await App.create(stack, "hello");
    const socket = new Socket(app.id);
    await until("the first events", () => socket.events.length > 0);
    await stack.waitHealthy({ not: stack.killWorker() });
    await socket.ended;
    await app.completed();
    await app.settled();
    const resumed = await new Socket(app.id, { after: socket.last }).caughtUp(app.feed.last);
    assert.deepEqual([...socket.events, ...resumed.events], app.feed.events);
    resumed.close();
    app.close();
  });

  test("that acknowledges nothing is told to come again, and one that does is not", async () => {
    const app = await App.create(stack, "hello");
    await app.completed();
    const lazy = new Socket(app.id);
    const eager = new Socket(app.id);
    const acks = setInterval(() => {
      if (eager.socket.readyState === WebSocket.OPEN) eager.socket.send(JSON.stringify({ ack: eager.last }));
    }, 100);
    try {
      for (let turns = 0; lazy.code === undefined && turns < 8; turns += 1) {
        await app.completed(await app.say("long"));
        lazy.ended.then(({ code }) => { lazy.code = code; });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      clearInterval(acks);
    }
    const { code, reason } = await lazy.ended;
    assert.equal(code, 1013, reason);
    const from = Number(/after=(\d+)/.exec(reason)[1]);
    assert.equal(lazy.last, from, "everything that was sent has come");
    const again = await new Socket(app.id, { after: from }).caughtUp(app.feed.last);
    assert.deepEqual([...lazy.events, ...again.events], app.feed.events);
    assert.equal(eager.socket.readyState, WebSocket.OPEN);
    await eager.caughtUp(app.feed.last);
    assert.deepEqual(eager.events, app.feed.events);
    for (const socket of [again, eager]) socket.close();
    app.close();
  });

  test("needs a token, and with a cookie the console's own pages", async () => {
    const app = await App.create(stack, "hello");
    const login = await stack.api("POST", "/v1/console-login", { token: stack.token }, { origin: stack.origin });
    const cookie = login.headers["set-cookie"][0].split(";")[0];
    for (const headers of [{}, { cookie, origin: "http://elsewhere.test" }, { authorization: "Bearer osk_local_wrong" }]) {
      const socket = new Socket(app.id, { headers });
      const { code } = await socket.ended;
      assert.equal(code, 1006, JSON.stringify(headers));
      assert.deepEqual(socket.events, []);
    }
    const own = new Socket(app.id, { headers: { cookie, origin: stack.origin } });
    await until("events", () => own.events.length > 0);
    own.close();
    app.close();
  });
});

describe(`${READERS} readers of one conversation`, () => {
  test("hear all of it, and a message is accepted as quickly as ever", async () => {
    const app = await App.create(stack, "hello");
    await app.completed();
    await app.settled();
    const sockets = Array.from({ length: READERS }, () => new Socket(app.id, { after: app.feed.last }));
    const from = app.feed.last;
    await until("all to be open", () => sockets.every(({ socket }) => socket.readyState === WebSocket.OPEN));
    const asked = performance.now();
    const turn = await app.say("again");
    const accepted = performance.now() - asked;
    await app.completed(turn);
    const end = app.feed.last;
    await Promise.all(sockets.map((socket) => socket.caughtUp(end)));
    const expected = JSON.stringify(app.feed.events.slice(from, end));
    assert.ok(sockets.every(({ events }) => JSON.stringify(events.slice(0, end - from)) === expected));
    console.log(`  accepted in ${accepted.toFixed(0)} ms; all ${READERS} had the turn's ${end - from} events after ${(performance.now() - asked).toFixed(0)} ms`);
    for (const socket of sockets) socket.close();
    app.close();
  });
});

describe("the readers of an app that is deleted", () => {
  test("are told that it is gone", async () => {
    const app = await App.create(stack, "hello");
    const socket = new Socket(app.id);
    await app.completed();
    app.close();
    assert.equal((await app.api("DELETE", "")).status, 204);
    // The connection itself may stay open for some seconds after the word that closes it.
    await until("the socket to close", () => socket.socket.readyState >= WebSocket.CLOSING, { timeoutMs: 5000 });
  });
});
