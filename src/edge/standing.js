// What addresses of apps serve for the next moment, so that most of what visitors ask need not be decided again: what `preview.rs` has
// decided stands until then. Only pages and files are answered by it, and only what is there; the rest is decided each time.

/** For how many addresses at once. */
const MOST = 1000;
/** What is the platform's own, or a function's. */
const DECIDED = /^\/(?:api|auth|realtime|rest|_answers)(?:\/|$)/;

const standing = new Map();

/** The pages and files of an origin are answered by the Worker of this name, until then, in milliseconds since the epoch. */
export function stand(origin, name, until, isWatched, isPreview) {
  if (standing.size >= MOST) standing.clear();
  standing.set(origin, { name, until, isWatched, isPreview });
}

/**
 * Whether a preview is wanted as it is at this moment: in the console's frame, which is led there when there is a new version, and by whoever loads
 * it again. Another isolate may have made the version.
 */
export function asksAnew(request) {
  const { headers } = request;
  return headers.get("sec-fetch-dest") === "iframe" || /no-cache|max-age=0/i.test(headers.get("cache-control") ?? "");
}

/** Nothing stands any more. */
export function dismiss() {
  standing.clear();
}

/** Who answers a request, where that stands: `{name, isWatched, path}`. */
export function standingFor(request) {
  if (standing.size === 0 || (request.method !== "GET" && request.method !== "HEAD")) return undefined;
  const { origin, pathname: path } = new URL(request.url);
  const known = standing.get(origin);
  if (!known || Date.now() >= known.until || DECIDED.test(path)) return undefined;
  return known.isPreview && asksAnew(request) ? undefined : { ...known, path };
}
