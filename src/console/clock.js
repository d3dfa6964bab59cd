/** The server's clock, as far as its answers tell: events carry its times, and this machine's clock may be off. */

let ahead = 0;

/** Learns from an answer's `Date` header, which is exact to a second; `null` teaches nothing. */
export function learn(date) {
  const off = Date.parse(date ?? "") - Date.now();
  if (Math.abs(off) > 1500) ahead = off;
}

/** Learns from an event's time: it cannot lie in the future. */
export function observe(at) {
  ahead = Math.max(ahead, at - Date.now());
}

/** Milliseconds since the Unix epoch on the server's clock. */
export function now() {
  return Date.now() + ahead;
}
