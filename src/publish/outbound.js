// Where the functions of an app may send requests.
//   hosts  host names, `*.<name>` for all below one; on a machine that is not for others also `localhost:<port>`

const MOST_REDIRECTS = 10;

export function isAllowed(address, hosts) {
  const { protocol, host, hostname } = new URL(address);
  if (protocol === "http:") return hostname === "localhost" && hosts.includes(host);
  return (
    protocol === "https:" &&
    hosts.some((one) => (one.startsWith("*.") ? host.endsWith(one.slice(1)) : one === host))
  );
}

// Whether it is the app's own data. What else the app serves is none of it, so that a function never asks itself.
export function isOwnData(address, own) {
  const { origin, pathname } = new URL(address);
  return origin === own && /^\/(?:rest|auth)\/v1\//.test(pathname);
}

// The request for it. Where it comes from is not for a function to say.
export function forOwnData(request) {
  const headers = new Headers(request.headers);
  for (const name of ["cf-connecting-ip", "x-forwarded-for", "x-real-ip"]) headers.delete(name);
  return new Request(request, { headers });
}

export function refused(address) {
  const { host } = new URL(address);
  return new Response(`This app may not ask ${host}. Add it to ALLOWED_HOSTS of this environment.\n`, {
    status: 403,
    headers: { "content-type": "text/plain; charset=utf-8", "x-overskill-refused": "allowed-hosts" },
  });
}

// Asks, and follows where it is sent as long as it may. A body does not go along: what is sent with one goes on as a GET, as
// browsers do it (Fetch standard, HTTP-redirect fetch), or is answered as it is.
export async function ask(request, hosts, fetch) {
  for (let asked = request, hops = 0; ; hops += 1) {
    if (!isAllowed(asked.url, hosts)) return refused(asked.url);
    const answer = await fetch(new Request(asked, { redirect: "manual" }));
    const location = [301, 302, 303, 307, 308].includes(answer.status) && answer.headers.get("location");
    if (!location || request.redirect === "manual") return answer;
    if (request.redirect === "error") throw new TypeError("Redirected, which was not to be.");
    const isRead = ["GET", "HEAD"].includes(asked.method);
    const becomesRead = answer.status === 303 || (asked.method === "POST" && answer.status < 303);
    if (!isRead && !becomesRead) return answer;
    if (hops === MOST_REDIRECTS) throw new TypeError("Too many redirects.");
    const next = new URL(location, asked.url);
    const headers = new Headers(asked.headers);
    if (!isRead) for (const name of ["content-encoding", "content-language", "content-length", "content-type"]) headers.delete(name);
    // What is meant for one is not for another.
    if (next.origin !== new URL(asked.url).origin) for (const name of ["authorization", "cookie"]) headers.delete(name);
    asked = new Request(next, { method: isRead ? asked.method : "GET", headers });
  }
}
