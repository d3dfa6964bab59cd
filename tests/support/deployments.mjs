// Deployments as whoever owns an app makes them, and what visitors see meanwhile.
import assert from "node:assert/strict";

import { until } from "./wait.mjs";

/** What the page is told. */
export const CONFIG = /<script type="application\/json" id="overskill-config">(.*?)<\/script>/;
export const config = (html) => JSON.parse(CONFIG.exec(html)[1]);
/** The addresses of a page's scripts and styles. */
export const assets = (html) => [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);

/** Asks for a deployment, which may wait. */
export async function deploy(app, environment, more = {}) {
  const answer = await app.api("POST", "/deployments", { environment, ...more });
  assert.equal(answer.status, 202, answer.text);
  return answer.body.deployment;
}

/** A deployment once it is over. */
export function over(app, { id }) {
  return until(`deployment ${id} to end`, async () => {
    const { deployment } = await app.get(`/deployments/${id}`);
    return ["live", "failed", "superseded"].includes(deployment.status) && deployment;
  });
}

export async function live(app, environment, more) {
  const end = await over(app, await deploy(app, environment, more));
  assert.equal(end.status, "live", JSON.stringify(end));
  return end;
}

/**
 * Looks every 100 ms at what an address says of itself, until told to stop.
 * @param {() => Promise<object>} look asks for `/_deployment`
 * @returns what stops it and resolves to what was seen, each once in a row: the version, or another status than 200; its `sees(version)` waits for that
 */
export function watch(look) {
  const seen = [];
  let stop = false;
  const watching = (async () => {
    for (let last = false; !last; ) {
      last = stop;
      const answer = await look();
      const now = answer.status === 200 ? answer.json().version : `status ${answer.status}`;
      if (seen.at(-1) !== now) seen.push(now);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const end = async () => {
    stop = true;
    await watching;
    return seen;
  };
  const sees = (version) => until(`version ${version} at the address`, () => seen.at(-1) === version);
  return Object.assign(end, { sees });
}
