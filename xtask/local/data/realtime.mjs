// Supabase Realtime on this machine, as far as our apps use it: private channels on which the database broadcasts
// (https://supabase.com/docs/guides/realtime/protocol). Who may join is what the policies of `realtime.messages` say, asked as Realtime asks
// them (lib/realtime/tenants/authorization.ex): with a message of the topic, in the role and with the claims of the token, taken back
// again. Presence, changes of tables and what clients would broadcast are not here.
import { randomUUID } from "node:crypto";

import { WebSocketServer } from "ws";

const PATH = "/realtime/v1/websocket";
/** A token is looked at again when its time is over, and at least this often. */
const CONFIRM_MS = 5 * 60_000;
/** Whoever says nothing for so long is gone. */
const SILENT_MS = 60_000;

/** Both ways of writing a message (https://hexdocs.pm/phoenix/Phoenix.Socket.Serializer.html). */
const SERIALIZERS = {
  "1.0.0": {
    read: (text) => JSON.parse(text),
    write: ({ topic, event, payload, ref = null }) => JSON.stringify({ topic, event, payload, ref }),
  },
  "2.0.0": {
    read(text) {
      const [join_ref, ref, topic, event, payload] = JSON.parse(text);
      return { join_ref, ref, topic, event, payload };
    },
    write: ({ topic, event, payload, ref = null, join_ref = null }) => (event === "broadcast" ? binary(topic, payload) : JSON.stringify([join_ref, ref, topic, event, payload])),
  },
};

/** What was broadcast, as version 2 writes it. */
function binary(topic, { event, payload, meta }) {
  const [head, name, more, body] = [topic, event, JSON.stringify(meta), JSON.stringify(payload)].map((text) => Buffer.from(text));
  return Buffer.concat([Buffer.from([4, head.length, name.length, more.length, 1]), head, name, more, body]);
}

/**
 * Serves it.
 * @param {{query: Function, transaction: Function, listen: Function, verified: (token: string) => object | undefined, isKey: (key: string) => boolean}} options
 *   `transaction(work)` runs `work(query)` in one that is taken back, `verified` says what a token says that is believed
 * @returns `{upgrade, stop}`: `upgrade(request, socket, head)` takes a connection
 */
export async function startRealtime({ query, transaction, listen, verified, isKey }) {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  /** Those who hear a topic: topic → set of channels. */
  const topics = new Map();

  await listen("realtime_messages", async (id) => {
    const [message] = await query("select id, topic, event, payload, private from realtime.messages where id = $1", [id]);
    // A project keeps them for three days; nobody reads them here.
    await query("delete from realtime.messages where id = $1", [id]);
    if (!message?.private) return;
    for (const channel of topics.get(message.topic) ?? []) channel.broadcast(message);
  });

  /** Whether whoever has this token may hear what is broadcast to a topic. */
  async function mayHear(topic, claims) {
    return transaction(async (ask) => {
      const id = randomUUID();
      await ask("insert into realtime.messages (id, topic, extension) values ($1, $2, 'broadcast')", [id, topic]);
      const sub = claims.sub ?? "";
      const settings = { "realtime.topic": topic, "request.jwt.claims": JSON.stringify(claims), "request.jwt.claim.sub": sub, "request.jwt.claim.role": claims.role, role: claims.role };
      for (const [name, value] of Object.entries(settings)) await ask("select set_config($1, $2, true)", [name, value]);
      return (await ask("select id from realtime.messages where id = $1", [id])).length === 1;
    });
  }

  /** A topic as one connection has joined it. */
  class Channel {
    #timer;

    /** `join_ref` by which of its joinings it is known. */
    constructor(topic, join_ref, say) {
      Object.assign(this, { topic, join_ref, say });
    }

    get name() {
      return this.topic.slice("realtime:".length);
    }

    /** Why it may not be joined; nothing when it may. */
    async admit(token) {
      const claims = verified(token ?? "");
      if (!claims?.role || !Number.isInteger(claims.exp)) return "Fields `role` and `exp` are required in JWT";
      const left = claims.exp * 1_000 - Date.now();
      if (left <= 0) return `Token has expired ${Math.ceil(-left / 1_000)} seconds ago`;
      if (!(await mayHear(this.name, claims).catch(() => false))) return `You do not have permissions to read from this Channel topic: ${this.name}`;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(async () => {
        const why = await this.admit(token);
        if (why) this.end(why);
      }, Math.min(left, CONFIRM_MS));
      if (!topics.has(this.name)) topics.set(this.name, new Set());
      topics.get(this.name).add(this);
      return undefined;
    }

    broadcast({ id, event, payload }) {
      this.say({ topic: this.topic, event: "broadcast", payload: { type: "broadcast", event, payload, meta: { id } } });
    }

    leave() {
      clearTimeout(this.#timer);
      topics.get(this.name)?.delete(this);
    }

    close() {
      this.leave();
      this.say({ topic: this.topic, event: "phx_close", payload: {}, ref: this.join_ref, join_ref: this.join_ref });
    }

    end(message) {
      this.say({ topic: this.topic, event: "system", payload: { extension: "system", status: "error", message, channel: this.name } });
      this.close();
    }
  }

  function connected(socket, serializer, key) {
    const channels = new Map();
    let timer;
    const say = (message) => socket.readyState === socket.OPEN && socket.send(serializer.write(message));
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), SILENT_MS);
    };
    /** What a key of the project stands for is not a token that says who somebody is. */
    const tokenOf = ({ access_token }) => (access_token?.startsWith("sb_") ? undefined : access_token) ?? key;
    async function on({ topic, event, payload, ref, join_ref }) {
      const reply = (status, response = {}) => say({ topic, event: "phx_reply", ref, join_ref, payload: { status, response } });
      if (topic === "phoenix" && event === "heartbeat") return reply("ok");
      if (event === "phx_join") {
        if (!/^realtime:./.test(topic)) return reply("error", { reason: "unmatched topic" });
        const earlier = channels.get(topic);
        channels.delete(topic);
        const channel = new Channel(topic, join_ref ?? null, say);
        // What is open to everybody is nothing of ours.
        const why = payload?.config?.private ? await channel.admit(tokenOf(payload)) : "PrivateOnly: This project only allows private channels";
        earlier?.leave();
        if (!why) channels.set(topic, channel);
        if (why) reply("error", { reason: why });
        else reply("ok", { postgres_changes: [] });
        // Phoenix tells the end of the joining before after the answer to this one.
        earlier?.close();
        if (!why && payload.config.broadcast?.replication_ready) {
          say({ topic, event: "system", payload: { extension: "system", status: "ok", message: "Replication connection established", channel: channel.name } });
        }
        return undefined;
      }
      const channel = channels.get(topic);
      if (!channel) return event === "phx_leave" ? reply("ok") : reply("error", { reason: "unmatched topic" });
      // Of another joining: its end was told already.
      if (channel.join_ref !== null && channel.join_ref !== join_ref) return undefined;
      if (event === "phx_leave") {
        channels.delete(topic);
        reply("ok");
        return channel.close();
      }
      if (event === "access_token" && typeof payload?.access_token === "string" && !payload.access_token.startsWith("sb_")) {
        const why = await channel.admit(payload.access_token);
        if (why) channel.end(why);
      }
      return undefined;
    }
    heard();
    // One after the other.
    let turn = Promise.resolve();
    socket.on("message", (data) => {
      heard();
      turn = turn.then(() => on(serializer.read(data.toString()))).catch(() => socket.close(1011));
    });
    socket.on("close", () => {
      clearTimeout(timer);
      for (const channel of channels.values()) channel.leave();
    });
    socket.on("error", () => socket.terminate());
  }

  return {
    upgrade(request, socket, head) {
      const { pathname, searchParams } = new URL(request.url, "http://shard");
      const serializer = SERIALIZERS[searchParams.get("vsn") ?? "1.0.0"];
      const key = searchParams.get("apikey") ?? request.headers.apikey ?? "";
      const refuse = (status) => socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      if (pathname !== PATH) return refuse("404 Not Found");
      if (!isKey(key) && !verified(key)) return refuse("401 Unauthorized");
      if (!serializer) return refuse("400 Bad Request");
      return server.handleUpgrade(request, socket, head, (opened) => connected(opened, serializer, key));
    },
    stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
