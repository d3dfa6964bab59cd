// A shard on this machine: what a Supabase project serves (`/rest/v1`, `/auth/v1`, `/realtime/v1`), over PostgreSQL or over PGlite, with our migrations.
//
// It is `@supabase/lite`, Supabase's own, with its faults mended from outside: it would grant everything to everybody once it sees
// row-level security, tells some errors of the database as its own, and encodes the JSON arguments of functions twice.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { Mails, SITE, authorization } from "./auth.mjs";
import { migrate } from "./migrate.mjs";
import { startPostgres } from "./postgres.mjs";
import { startRealtime } from "./realtime.mjs";
import { believed } from "./signing.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const HOSTED = fs.readFileSync(path.join(here, "hosted.sql"), "utf8");

/** The HTTP status that PostgREST answers with for an error of the database (https://docs.postgrest.org/en/stable/references/errors.html). */
function status(code, isAnonymous) {
  const one = { 23503: 409, 23505: 409, 25006: 405, 53400: 500, P0001: 400, 42883: 404, "42P01": 404, "42P17": 500, 42501: isAnonymous ? 401 : 403 }[code];
  const kind = {
    "08": 503, "09": 500, "0L": 403, "0P": 403, 25: 500, 28: 403, "2D": 500, 38: 500, 39: 500, "3B": 500, 40: 500, 53: 503, 54: 500, 55: 500, 57: 500, 58: 500,
    F0: 500, HV: 500, P0: 500, XX: 500,
  }[code.slice(0, 2)];
  return one ?? kind ?? 400;
}

/** Functions of ours after which there are other tables. */
const CHANGES_TABLES = /\/rpc\/(provision_app|drop_table|drop_app|drop_moved|move_in)$/;

/** Errors that lite answers with the right status by itself. */
const KNOWN = /^(PGRST.*|PT.*|23505|23503|25006|42(?!P01).*|22.*|21.*|23502)$/;

/** JSON that is text already stays as it is. */
function json(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}
const TYPES = {
  json: { to: 114, from: [114], serialize: json, parse: JSON.parse },
  jsonb: { to: 3802, from: [3802], serialize: json, parse: JSON.parse },
};

/** A connection of lite's, without what it would do behind our back. */
function mended(connection) {
  connection.ensureRlsContext = async () => true;
  const normalize = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (error) => {
    // A table that is not there it knows before it asks; of one that a function misses, it would say the same.
    const normal = error?.code === "42P01" ? error : normalize(error);
    if (typeof normal?.code !== "string" || !/^[0-9A-Z]{5}$/.test(normal.code) || KNOWN.test(normal.code)) return normal;
    const { code, message, detail = null, hint = null } = normal;
    const said = { code, message, details: detail, hint };
    // What PostgREST lets a function raise to choose its answer.
    return Object.assign(new Error(JSON.stringify(said)), { code: "PGRST", detail: JSON.stringify({ status: status(code), headers: {} }) });
  };
  return connection;
}

async function overPostgres(folder) {
  const { default: postgres } = await import("postgres");
  const { createPostgresConnection } = await import("@supabase/lite/postgres");
  const server = await startPostgres(folder);
  const admin = postgres(server.url("postgres"), { max: 1, onnotice() {} });
  const connection = (user) => mended(createPostgresConnection({ url: server.url(user), postgresOptions: { max: 8, onnotice() {}, types: TYPES } }));
  return {
    url: server.url("postgres"),
    execute: (text) => admin.unsafe(text).simple(),
    query: (text, values) => admin.unsafe(text, values),
    /** As whom the authorization is served, and the tables: PostgREST's own role, which may do nothing by itself. */
    auth: connection("postgres"),
    rest: async () => {
      await admin.unsafe(server.setPassword("authenticator"));
      // A token's user is looked up with it.
      await admin.unsafe("grant usage on schema auth to authenticator; grant select on all tables in schema auth to authenticator");
      return connection("authenticator");
    },
    listen: (channel, heard) => admin.listen(channel, heard),
    /** Runs `work(query)` and takes back what it did. */
    transaction: async (work) => {
      const one = await admin.reserve();
      try {
        await one.unsafe("begin");
        return await work((text, values) => one.unsafe(text, values));
      } finally {
        await one.unsafe("rollback");
        one.release();
      }
    },
    stop: async () => {
      await admin.end({ timeout: 1 });
      await server.stop();
    },
  };
}

async function overPglite(folder) {
  const { createPgliteConnection } = await import("@supabase/lite/pglite");
  const connection = mended(await createPgliteConnection({ url: folder ?? "memory://", pgliteOptions: { serializers: { 114: json, 3802: json } } }));
  return {
    url: null,
    execute: (text) => connection.driver.exec(text),
    query: async (text, values) => (await connection.driver.query(text, values)).rows,
    auth: connection,
    rest: async () => connection,
    listen: (channel, heard) => connection.driver.listen(channel, heard),
    transaction: (work) =>
      connection.driver.transaction(async (one) => {
        const found = await work(async (text, values) => (await one.query(text, values)).rows);
        await one.rollback();
        return found;
      }),
    pglite: connection.driver,
    stop: () => connection.close(),
  };
}

/**
 * Serves `answer`, which takes a `Request` and gives a `Response`, on the loopback address; on a free port for 0. `upgrade(request, socket, head)`
 * takes WebSockets.
 */
export function serve(answer, port = 0, upgrade) {
  // A client that keeps its connections must not lose one as it sends: none is closed for being idle.
  const server = http.createServer({ keepAliveTimeout: 0 }, async (incoming, outgoing) => {
    try {
      const { method, url, headers, socket } = incoming;
      const hasBody = method !== "GET" && method !== "HEAD";
      const request = new Request(new URL(url, `http://${headers.host ?? "127.0.0.1"}`), {
        method, headers: Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
        body: hasBody ? Readable.toWeb(incoming) : undefined, duplex: hasBody ? "half" : undefined,
      });
      const response = await answer(request, { peerAddress: socket.remoteAddress ?? null });
      outgoing.writeHead(response.status, [...response.headers].flat());
      if (response.body) Readable.fromWeb(response.body).pipe(outgoing);
      else outgoing.end();
    } catch (error) {
      if (!outgoing.headersSent) outgoing.writeHead(500, { "content-type": "application/json" });
      outgoing.end(JSON.stringify({ message: String(error) }));
    }
  });
  if (upgrade) server.on("upgrade", upgrade);
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server)));
}

/** Keys of a new shard: `{publishable_key, secret_key, jwt_secret}`. */
export function newKeys() {
  const key = (kind) => `sb_${kind}_${randomBytes(24).toString("base64url")}`;
  return { publishable_key: key("publishable"), secret_key: key("secret"), jwt_secret: randomBytes(48).toString("base64url") };
}

/**
 * Lite keeps what it has read of the tables until it is told to forget it. What it was reading at that moment may be of before: it is read again,
 * and kept by nobody.
 */
function readAnew(connection) {
  const [introspect, keep, forget] = ["introspect", "writeCachedIntrospection", "clearSchemaCache"].map((name) => connection[name].bind(connection));
  let changes = 0;
  /** At which change each that is under way has begun. */
  const begun = new Set();
  connection.clearSchemaCache = () => {
    changes += 1;
    return forget();
  };
  connection.writeCachedIntrospection = async (...found) => {
    if ([...begun].every(({ at }) => at === changes)) await keep(...found);
  };
  connection.introspect = async (...options) => {
    const run = {};
    begun.add(run);
    try {
      for (;;) {
        run.at = changes;
        const found = await introspect(...options);
        if (run.at === changes) return found;
      }
    } finally {
      begun.delete(run);
    }
  };
}

/**
 * Opens a shard: what is in `folder`, with our migrations applied.
 * @param {{backend: "postgres" | "pglite", folder?: string, keys: object, signing_keys?: object[], confirms?: boolean, providers?: object, url?: string}} options without a
 *   folder, PGlite keeps all in memory; `confirms` whether whoever signs up has to confirm their address; `providers` of identities, as lite
 *   configures them, which send people back to `url`, where this is served
 * @returns `{answer, upgrade, execute, db, pglite, stop}`: `answer(request, {peerAddress})` what it serves, and `upgrade(request, socket, head)` over WebSockets,
 *   `execute` SQL in it, `db` the database's own address, where it is a server, and `pglite` the database otherwise
 */
export async function openShard({ backend, folder, keys: { publishable_key, secret_key, jwt_secret }, signing_keys, confirms = false, providers = {}, url }) {
  const { App } = await import("@supabase/lite");
  const database = backend === "postgres" ? await overPostgres(folder) : await overPglite(folder);
  await database.execute(HOSTED);
  const mails = new Mails();
  const app = (connection) =>
    new App({
      connection,
      auth: {
        enabled: true, jwt_secret, jwt_expiry: 3_600, enable_signup: true, site_url: SITE, additional_redirect_urls: ["http://**"], publishable_key, secret_key,
        email: { enable_confirmations: confirms }, external: providers,
      },
      api: { schemas: ["public"], max_rows: 1_000, ...(url && { external_url: url }) },
      options: { server: { admin: false } },
    });
  const authentication = app(database.auth);
  authentication._mailer = mails;
  await authentication.ensureSystemSchema();
  // It has replaced what policies ask.
  await database.execute(HOSTED);
  await migrate(database).catch(async (error) => {
    // Else its server would stay, and be in the way of the next.
    await database.stop();
    throw error;
  });
  const rest = await database.rest();
  const tables = rest === database.auth ? authentication : app(rest);
  readAnew(tables.connection);
  await database.listen("pgrst", async (payload) => {
    if (payload === "" || payload.includes("reload schema")) await tables.connection.clearSchemaCache();
  });
  await tables.connection.clearSchemaCache();
  const authorize = authorization({ app: authentication, mails, query: database.query, confirms });
  const answer = async (request, context) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/mails") return Response.json(mails.caught);
    if (pathname === "/dev/mail") return Response.json({ mails: mails.to(searchParams.get("to") ?? "") });
    if (pathname.startsWith("/auth/v1/")) return authorize(request, context);
    if (pathname.startsWith("/rest/v1")) {
      const response = await tables.fetch(request, context);
      // Word of it comes by `listen`, and may come after whoever has made a table asks for it.
      if (CHANGES_TABLES.test(pathname)) await tables.connection.clearSchemaCache();
      return response;
    }
    return Response.json({ message: "not found" }, { status: 404 });
  };
  const { query, transaction, listen } = database;
  const realtime = await startRealtime({
    query, transaction, listen, verified: (token) => believed(token, jwt_secret, signing_keys), isKey: (key) => key === publishable_key || key === secret_key,
  });
  const stop = () => {
    realtime.stop();
    return database.stop();
  };
  return { answer, upgrade: realtime.upgrade, execute: database.execute, db: database.url, pglite: database.pglite, stop };
}
