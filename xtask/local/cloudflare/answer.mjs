// How the API answers: the envelope around every result, what it says when it refuses, pages of lists.

/** What is refused, with its HTTP status and Cloudflare's number for it. */
export class Refusal extends Error {
  /**
   * @param {number} status of HTTP
   * @param {number} code Cloudflare's
   * @param {string} message what it says
   * @param {{headers?: Record<string, string>, more?: {code: number, message: string}[]}} [rest] `more` are further errors behind the first
   */
  constructor(status, code, message, { headers = {}, more = [] } = {}) {
    super(message);
    Object.assign(this, { status, code, headers, more });
  }

  answer() {
    const errors = [{ code: this.code, message: this.message }, ...this.more];
    return json(this.status, { success: false, errors, messages: [], result: null }, this.headers);
  }
}

// The refusals that several places make (https://developers.cloudflare.com/workers/observability/errors/#errors-on-worker-upload). Statuses are those
// of the API where they are documented or seen in its clients; else the nearest of HTTP.
export const refusals = {
  noRoute: (path) => new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`, {
    more: [{ code: 7000, message: "No route for that URI" }],
  }),
  headers: () => new Refusal(400, 6003, "Invalid request headers", { more: [{ code: 6111, message: "Invalid format for Authorization header" }] }),
  noToken: () => new Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"),
  authentication: () => new Refusal(403, 10000, "Authentication error"),
  invalidToken: () => new Refusal(401, 1000, "Invalid API Token"),
  unauthorized: () => new Refusal(403, 9109, "Unauthorized to access requested resource"),
  tooMany: (seconds, most, window) => new Refusal(429, 971, "Please wait and consider throttling your request speed", {
    headers: { "retry-after": String(seconds), ratelimit: `"default";r=0;t=${seconds}`, "ratelimit-policy": `"default";q=${most};w=${window}` },
  }),
  malformed: (why) => new Refusal(400, 10026, `Could not parse request body: ${why}`),
  noScript: () => new Refusal(404, 10007, "This Worker does not exist on your account."),
  noService: () => new Refusal(404, 10090, "This Worker does not exist on your account."),
  noNamespaceScript: () => new Refusal(404, 10092, "This Worker does not exist in this dispatch namespace."),
  tooManyScripts: (most) => new Refusal(403, 10037, `You have exceeded the limit of ${most} Workers on your account.`),
  inUse: (by) => new Refusal(400, 10064, `This Worker is still in use by ${by.join(", ")}; it is only taken away with \`force\`.`),
  migrationTag: (claimed, carried) => new Refusal(412, 10079, `Actor migration tag precondition failed, got tag '${claimed}' when expected tag is '${carried}'. Please make sure the tags match and try again.`),
  sameClass: (name) => new Refusal(400, 10074, `Cannot apply new-class migration to class '${name}' that is already depended on by existing Durable Objects.`),
  hasRecords: (host) => new Refusal(409, 100117, `Hostname '${host}' already has externally managed DNS records (A, CNAME, etc). Delete them first or try a different hostname.`),
  tooLarge: (bytes) => new Refusal(413, 10027, `Your Worker exceeded the size limit of ${bytes} bytes.`),
  noStart: (why) => new Refusal(400, 10021, why),
};

/** An answer as it is sent. */
export function json(status, value, headers = {}) {
  return { status, headers: { "content-type": "application/json", ...headers }, body: Buffer.from(JSON.stringify(value)) };
}

/** What was asked for. */
export function ok(result, { info, status = 200, messages = [] } = {}) {
  return json(status, { success: true, errors: [], messages, result, ...(info && { result_info: info }) });
}

/** One page of a list, by `page` and `per_page`. `wrap` puts the items where the result has them. */
export function paged(items, query, { usual = 20, most = 100, wrap = (page) => page } = {}) {
  const number = (name, otherwise) => Math.max(1, Number.parseInt(query.get(name) ?? "", 10) || otherwise);
  const page = number("page", 1);
  const per_page = Math.min(number("per_page", usual), most);
  const shown = items.slice((page - 1) * per_page, page * per_page);
  const total_pages = Math.max(1, Math.ceil(items.length / per_page));
  return ok(wrap(shown), { info: { page, per_page, count: shown.length, total_count: items.length, total_pages } });
}
