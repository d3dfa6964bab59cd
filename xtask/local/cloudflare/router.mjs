// Which request goes where, and who may make it.
import { Refusal, ok, refusals } from "./answer.mjs";
import accounts from "./api/accounts.mjs";
import assets from "./api/assets.mjs";
import namespaces from "./api/namespaces.mjs";
import queues from "./api/queues.mjs";
import r2 from "./api/r2.mjs";
import triggers from "./api/triggers.mjs";
import versions from "./api/versions.mjs";
import workers from "./api/workers.mjs";
import zones from "./api/zones.mjs";

export const PREFIX = "/client/v4";

// Each: method, path, permission, what is done. `:name` stands for one part of the path, `*name` for all that follow.
const TABLE = [...accounts, ...workers, ...versions, ...triggers, ...assets, ...namespaces, ...queues, ...r2, ...zones].map(
  ([method, path, permission, handler]) => ({ method, parts: path.slice(1).split("/"), permission, handler }),
);

function params(parts, asked) {
  const found = {};
  for (const [at, part] of parts.entries()) {
    if (part.startsWith("*")) return asked.length > at ? { ...found, [part.slice(1)]: asked.slice(at).join("/") } : undefined;
    if (at >= asked.length) return undefined;
    if (part.startsWith(":")) found[part.slice(1)] = asked[at];
    else if (part !== asked[at]) return undefined;
  }
  return parts.length === asked.length ? found : undefined;
}

/** Whether a token has a permission; who may edit may read. */
function may({ permissions }, needed) {
  if (permissions === "*" || needed === null) return true;
  return permissions.includes(needed) || permissions.includes(needed.replace(/: Read$/, ": Edit"));
}

/** Who asks. */
function caller(account, { headers }) {
  const said = headers.authorization;
  if (said === undefined) throw refusals.noToken();
  const [, text] = /^Bearer ([\w.~+/=-]+)$/.exec(said) ?? [];
  if (text === undefined) throw refusals.headers();
  return { text, token: account.token(text) };
}

/**
 * Answers a request.
 * @param {{account: import("./account.mjs").Account, runtime: object}} double
 * @param {{method: string, path: string, query: URLSearchParams, headers: object, body: Buffer}} request `path` as it was written
 */
export async function answered({ account, runtime }, request) {
  try {
    return await handled(account, runtime, request);
  } catch (error) {
    if (error instanceof Refusal) return error.answer();
    console.error(error);
    return new Refusal(500, 10013, "An unknown error has occurred.").answer();
  }
}

async function handled(account, runtime, request) {
  const { method, path, headers, body } = request;
  const { text, token } = caller(account, request);
  if (!path.startsWith(`${PREFIX}/`)) throw refusals.noRoute(path);
  const asked = path.slice(PREFIX.length + 1).split("/").map(decodeURIComponent);
  const fitting = TABLE.map((row) => ({ ...row, params: params(row.parts, asked) })).filter((row) => row.params);
  const row = fitting.find((one) => one.method === method);
  // Assets are sent with the token of their upload.
  const isSession = row?.permission === "session";
  if (isSession ? !account.assets.isSession(text) : !token || token.status !== "active") {
    throw path.endsWith("/tokens/verify") ? refusals.invalidToken() : refusals.authentication();
  }
  const wait = isSession ? 0 : account.counted(token);
  if (wait > 0) throw refusals.tooMany(wait, account.limits.requests, account.limits.seconds);
  if (fitting.length === 0) throw refusals.noRoute(path);
  if (!row) throw new Refusal(405, 10405, "Method not allowed for this authentication scheme");
  const zone = asked[0] === "zones" && row.params.zone;
  if (row.params.account !== undefined && row.params.account !== account.id) throw refusals.authentication();
  if (!isSession && !may(token, row.permission)) throw zone ? refusals.unauthorized() : refusals.authentication();
  if (zone && token.zones && !token.zones.includes(account.zone(zone).name)) throw refusals.unauthorized();
  const json = () => {
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (error) {
      throw refusals.malformed(error.message);
    }
  };
  const source = /^wrangler\//i.test(headers["user-agent"] ?? "") ? "wrangler" : "api";
  const answer = await row.handler({ ...request, account, runtime, params: row.params, token, tokenText: text, json, source });
  return answer ?? ok(null);
}
