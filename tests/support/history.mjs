// What has to be the same however often a process was killed: the history of an app without its builds' luck.
import assert from "node:assert/strict";

import { readFeed } from "./feed.mjs";

/** Events that depend on when a builder or a queue was there. */
const LUCK = new Set(["build_queued", "build_started", "build_log", "build_retrying", "build_finished", "preview_live"]);
/** Members that name an instance of something, or a moment. */
const NAMES = new Set(["seq", "at", "turn"]);

/** The part of a feed that two apps with the same messages have in common. */
export function story(events) {
  return events
    .filter((event) => !LUCK.has(event.kind))
    .map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => !NAMES.has(name))));
}

/** Everything that is kept of an app and does not depend on luck. */
export async function keepsake(app) {
  const versions = (await app.versions()).reverse();
  const manifests = await Promise.all(versions.map(({ number }) => app.version(number)));
  return {
    story: story(app.feed.events),
    messages: (await app.messages()).map(({ role, content }) => ({ role, content })),
    versions: versions.map(({ number, parent, author, summary, files }) => ({ number, parent, author, summary, files })),
    manifests: manifests.map(({ files }) => files),
  };
}

/** What holds for every app at rest: no build doubled, none left over, the feed read again is the feed that was followed. */
export async function assertSound(app) {
  await app.settled();
  const { events } = app.feed;
  const count = (kind, of) => {
    const counts = new Map();
    for (const event of app.feed.of(kind)) counts.set(of(event), (counts.get(of(event)) ?? 0) + 1);
    return counts;
  };
  const once = (counts, what) => assert.deepEqual([...counts].filter(([, times]) => times !== 1), [], `${what} not once`);
  once(count("turn_started", (event) => event.turn), "a turn started");
  once(count("turn_finished", (event) => event.turn), "a turn finished");
  once(count("version_created", (event) => event.version), "a version made");
  once(count("build_queued", (event) => event.build), "a build queued");
  once(count("build_finished", (event) => event.build), "a build finished");
  once(count("preview_live", (event) => event.build), "a preview gone live");
  once(count("build_started", (event) => `${event.build} attempt ${event.attempt}`), "an attempt started");
  const perVersion = count("build_queued", (event) => `${event.version} ${event.mode}`);
  once(perVersion, "a version built");
  for (const turn of count("turn_started", (event) => event.turn).keys()) {
    const said = events.filter((event) => event.kind === "message" && event.turn === turn).map((event) => event.role);
    assert.deepEqual(said, ["user", "assistant"], `messages of turn ${turn}`);
  }
  assert.deepEqual(await readFeed(app.stack, app.id, { upTo: events.length }), events, "the feed read again");
}
