// Whether a Supabase project is ready to be a shard, looked at from outside as the Worker does, and changed in nothing. Which one is what the
// environment says. Prints one JSON line for each finding: {part, found, remedy}, `found` being null where something is to be done.
import { createPublicKey, randomBytes, randomUUID } from "node:crypto";

import { missing, readMigrations } from "./migrate.mjs";
import { newSigningKey, signedBy, signedWith } from "./signing.mjs";

const LIMIT_MS = 20_000;
/** How far the clocks may be apart, in seconds: what the Worker makes for a request is good for a minute. */
const MOST_SKEW = 30;
const MIGRATE = "`cargo xtask migrate`, with SUPABASE_DB_URL";
const LEAST_SECRET_BYTES = 32;

const { SUPABASE_URL = "", SUPABASE_SECRET_KEY = "", SUPABASE_PUBLISHABLE_KEY = "", SUPABASE_JWT_SECRET = "" } = process.env;
const [address, secret, publishable, jwtSecret] = [SUPABASE_URL.trim().replace(/\/+$/, ""), SUPABASE_SECRET_KEY.trim(), SUPABASE_PUBLISHABLE_KEY.trim(), SUPABASE_JWT_SECRET.trim()];

const signingKey = privateKey(jwtSecret);

const tell = (part, found, remedy = "") => console.log(JSON.stringify({ part: `project: ${part}`, found: found || null, remedy }));

/** What the Worker's settings hold to (src/data/shard.rs). */
function wrongSetting() {
  const isVisible = (text) => /^[\x21-\x7e]+$/.test(text);
  if (!/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)(?=$|[:/]))/.test(address) || !isVisible(address)) return "SUPABASE_URL must begin with https://, and with http:// only on this machine";
  const keys = { SUPABASE_SECRET_KEY: secret, SUPABASE_PUBLISHABLE_KEY: publishable };
  for (const [name, key] of Object.entries(keys)) if (!isVisible(key)) return `${name} is not set, or not in visible ASCII: Project Settings, API Keys`;
  if (secret === publishable) return "SUPABASE_SECRET_KEY and SUPABASE_PUBLISHABLE_KEY are the same: one may do everything and is the Worker's alone, one is for everybody";
  if (/^[[{]/.test(jwtSecret)) {
    if (!signingKey) return "SUPABASE_JWT_SECRET is no private key for ES256 with a `kid`: `supabase gen signing-key --algorithm ES256` makes one";
  } else if (Buffer.byteLength(jwtSecret) < LEAST_SECRET_BYTES) {
    return `SUPABASE_JWT_SECRET has fewer than ${LEAST_SECRET_BYTES} bytes: Project Settings, JWT Keys, the shared secret, or a private key that was imported there`;
  }
  return null;
}

/** The private key that a setting is the text of; undefined where it is none, or none that the Worker takes. */
function privateKey(text) {
  try {
    const [key, ...others] = [JSON.parse(text)].flat();
    const isWhole = typeof key.kid === "string" && key.kid !== "" && Buffer.byteLength(key.kid) <= 128 && key.crv === "P-256" && typeof key.d === "string";
    return isWhole && others.length === 0 && createPublicKey({ key, format: "jwk" }) ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A token as src/data/token.rs mints them, of nobody. */
function mint(key) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: "overskill", aud: "authenticated", role: "authenticated", sub: randomUUID(), app_id: "doctor00", email: null, session_id: null, iat: now, exp: now + 60 };
  return typeof key === "object" ? signedWith(key, claims) : signedBy(key, claims);
}

/** `{status, body, code, date}` of a call: `code` what PostgREST or the authorization calls what went wrong. */
async function call(method, path, { key, token = key, body }) {
  const response = await fetch(`${address}${path}`, {
    method, redirect: "manual", signal: AbortSignal.timeout(LIMIT_MS),
    headers: { apikey: key, authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) }, body: body && JSON.stringify(body),
  });
  const text = await response.text();
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Whoever answers is none of Supabase's.
  }
  return { status: response.status, body: parsed, code: parsed?.code, date: Date.parse(response.headers.get("date") ?? "") };
}
const rpc = (name, body, how) => call("POST", `/rest/v1/rpc/${name}`, { ...how, body });
const said = ({ status, body }) => `it answers ${status}${body?.message || body?.msg ? `: ${body.message ?? body.msg}` : ""}`;

/** What Realtime answers to whoever joins a private topic: the status, and why. Nothing where there is none. */
function join(topic, access_token) {
  const socket = new WebSocket(`${address.replace(/^http/, "ws")}/realtime/v1/websocket?apikey=${encodeURIComponent(publishable)}&vsn=1.0.0`);
  const payload = { access_token, config: { private: true, broadcast: {}, presence: { enabled: false }, postgres_changes: [] } };
  socket.onopen = () => socket.send(JSON.stringify({ topic: `realtime:${topic}`, event: "phx_join", payload, ref: "1", join_ref: "1" }));
  let timer;
  return new Promise((resolve) => {
    timer = setTimeout(() => resolve({ status: "silence" }), LIMIT_MS);
    socket.onerror = () => resolve(undefined);
    socket.onclose = () => resolve({ status: "an end of the connection" });
    socket.onmessage = ({ data }) => {
      const { ref, payload: answer } = JSON.parse(data);
      if (ref === "1") resolve({ status: answer.status, why: answer.response?.reason ?? "" });
    };
  }).finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

/** Tables with `realtime` need it, and others do not. */
async function tellOfRealtime(token) {
  const [own, other] = [await join("app:doctor00:members", token), await join("app:doctor01:members", token)];
  if (!own) {
    tell("realtime", "it lets nobody connect: off, and no table tells of its changes");
    return;
  }
  const isOpen = other?.status === "ok";
  const remedy = isOpen
    ? "an app's user may hear what is told to another app's: a policy of realtime.messages that is none of ours lets them"
    : /permissions/.test(own.why)
      ? `who may hear what is told may not: ${own.why}. Realtime was switched on after the migrations, or its policies were dropped: run src/data/migrations/0006_realtime.sql in the project's SQL editor`
      : `it does not let anybody in (${own.why || own.status}): try again in a minute, and look at the project's Realtime logs`;
  tell("realtime", own.status === "ok" && !isOpen && "on, and heard by those whom it is for", remedy);
}

async function look() {
  const wrong = wrongSetting();
  tell("settings", wrong ? null : "there, and written as they should be", wrong ?? "");
  if (wrong) return;

  let settings;
  try {
    settings = await call("GET", "/auth/v1/settings", { key: publishable });
  } catch (error) {
    tell("address", null, `${address} does not answer (${error.cause?.code ?? error.name}): is SUPABASE_URL right, and is the project paused?`);
    return;
  }
  const skew = Math.round(Math.abs(Date.now() - settings.date) / 1_000);
  if (settings.body === undefined) {
    tell("address", null, `${address} is not a Supabase project: what it answers (${settings.status}) is no JSON`);
    return;
  }
  tell("address", `${address} answers`);
  tell("clock", !(skew > MOST_SKEW) && `at most ${MOST_SKEW} s from this machine's`, `it is ${skew} s from this machine's: the tokens that the Worker makes are good for 60 s. Set this machine's right`);

  const isKnown = settings.status === 200 && settings.body.external !== undefined;
  tell("publishable key", isKnown && "accepted", `${said(settings)}. SUPABASE_PUBLISHABLE_KEY is none of this project's: Project Settings, API Keys`);
  if (isKnown) {
    tell("sign-up", !settings.body.disable_signup && "open", "it is closed, and so nobody becomes a user of an app: Authentication, Sign In / Providers, allow new users to sign up");
    tell("sign-in by email", settings.body.external.email !== false && "on", "it is off: Authentication, Sign In / Providers, Email");
  }

  // Nobody else may call it; where it is not there, the key was looked at before.
  const ledger = await rpc("applied_migrations", {}, { key: secret });
  const isSecret = ledger.status === 200 || ledger.code === "PGRST202";
  tell("secret key", isSecret && "accepted", `${said(ledger)}. SUPABASE_SECRET_KEY is not this project's secret (or service_role) key: Project Settings, API Keys`);
  if (isSecret) tellOfMigrations(ledger);

  // A function that is not there is looked up when the token was believed already.
  const key = isKnown ? publishable : secret;
  const [signing, strange] = signingKey ? [signingKey, { ...newSigningKey(), kid: signingKey.kid }] : [jwtSecret, randomBytes(48).toString("base64url")];
  const [own, other] = [await rpc("applied_migrations", {}, { key, token: mint(signing) }), await rpc("applied_migrations", {}, { key, token: mint(strange) })];
  const isBelieved = [403, 404].includes(own.status);
  tell("JWT secret", isBelieved && "what it signs is believed", `${said(own)}. SUPABASE_JWT_SECRET is ${signingKey ? "a private key that this project does not know: Project Settings, JWT Keys, import it as a standby key" : "not what this project's tokens are signed with: Project Settings, JWT Keys, the shared secret"}`);
  tell("other tokens", other.status === 401 && "what something else signs is not", `what is signed with something else is let in: ${said(other)}. Whoever is at this address checks no tokens`);

  if (!isKnown || !isBelieved || ledger.status !== 200) return;
  const open = [];
  for (const [who, token] of [["whoever has the publishable key", publishable], ["whoever has signed in", mint(signing)]]) {
    // Of an app that there cannot be: let in, they do nothing.
    for (const [name, body] of [["provision_app", { p_app_id: "x", p_tables: [] }], ["describe_app", { p_app_id: "x" }], ["drop_app", { p_app_id: "x", p_max: 1 }], ["applied_migrations", {}]]) {
      const answer = await rpc(name, body, { key: publishable, token });
      if (answer.code !== "42501") open.push(`${name} is not closed to ${who} (${said(answer)})`);
    }
  }
  tell("functions", open.length === 0 && "closed to everybody but the secret key", `${open.join("; ")}: revoke execute on them from public, anon, authenticated`);
  await tellOfRealtime(mint(signing));
}

function tellOfMigrations(ledger) {
  const migrations = readMigrations();
  if (ledger.status !== 200) {
    tell("migrations", null, `${ledger.code === "PGRST202" ? "there are none" : said(ledger)}: ${MIGRATE}`);
    return;
  }
  try {
    const left = missing(ledger.body, migrations).map(({ name }) => name);
    tell("migrations", left.length === 0 && `as in this checkout, up to ${migrations.at(-1).name}`, `${left.join(", ")} ${left.length > 1 ? "are" : "is"} missing: ${MIGRATE}`);
  } catch (error) {
    tell("migrations", null, error.message);
  }
}

await look();
