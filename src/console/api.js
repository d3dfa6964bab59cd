/**
 * Calls the HTTP API with the console's cookie.
 *
 * Every failure leaves here as a {@link Problem}, a network failure too, so a view has one kind of error to show.
 * Knows nothing of the page.
 */

import { learn } from "./clock.js";

/** Longest wait for an answer, in milliseconds. */
const DEADLINE = 30_000;

/** A problem document (RFC 9457). `status` is 0 when no answer came. */
export class Problem extends Error {
  constructor({ type = "about:blank", title, status = 0, detail = "", ...extra }) {
    super(detail || title);
    Object.assign(this, { type, title, status, detail, extra });
  }
}

let signedOut = () => {};

/** Sets what happens when the server no longer knows this session. */
export function whenSignedOut(listener) {
  signedOut = listener;
}

/** A fresh key: one per intention of the user, kept over its retries. */
export function newKey() {
  return crypto.randomUUID();
}

/**
 * One call. `json` or `body` is what is sent; `key` the Idempotency-Key, made up for a POST without one.
 * Resolves to the `Response` of a 2xx, else throws a {@link Problem}.
 */
export async function send(method, path, { json, body, headers = {}, key } = {}) {
  const all = { accept: "application/json, application/problem+json, */*;q=0.5", ...headers };
  if (json !== undefined) {
    all["content-type"] = "application/json";
    body = JSON.stringify(json);
  }
  if (method === "POST") all["idempotency-key"] = key ?? newKey();
  let response;
  try {
    response = await fetch(path, {
      method, body, headers: all, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(DEADLINE),
    });
  } catch (error) {
    throw unreachable(error);
  }
  learn(response.headers.get("date"));
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.status === 401 && path !== "/v1/console-login" && path !== "/v1/session") signedOut();
  throw problem;
}

/** Like {@link send}, resolving to the parsed answer, or `null` where it has none. */
export async function call(method, path, options) {
  const response = await send(method, path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw unreachable(error);
  }
}

/** Reads every page of a list, `field` naming its items; `first` is the rest of the first answer. */
export async function listAll(path, field) {
  const items = [];
  let first = null;
  let cursor = null;
  do {
    const query = cursor === null ? "?limit=100" : `?limit=100&cursor=${encodeURIComponent(cursor)}`;
    const page = await call("GET", path + query);
    first ??= page;
    items.push(...(page[field] ?? []));
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
  return { items, first };
}

/** The API's path of an app, of something inside it where `rest` is given. */
export function appPath(id, rest = "") {
  return `/v1/apps/${encodeURIComponent(id)}${rest}`;
}

/** The API's path of one file of an app. */
export function filePath(id, path) {
  return appPath(id, `/files/${path.split("/").map(encodeURIComponent).join("/")}`);
}

function unreachable(cause) {
  const late = cause?.name === "TimeoutError";
  return new Problem({
    title: late ? "The server did not answer in time" : "The server cannot be reached",
    detail: late
      ? "It may still be working on it. Try again: the same request is never done twice."
      : "Check your connection and that OverSkill is running, then try again.",
  });
}

async function readProblem(response) {
  const fallback = { title: response.statusText || "The request failed", status: response.status };
  try {
    const found = await response.json();
    return new Problem(typeof found === "object" && found !== null ? { ...fallback, ...found, status: response.status } : fallback);
  } catch {
    return new Problem(fallback);
  }
}
