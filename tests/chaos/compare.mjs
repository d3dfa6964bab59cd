// What has to be the same whatever was killed, and what is different all the same.

/** What is left out, since it depends on when something was there to do the work. */
export const LEFT_OUT = [
  "times; the letters of ids",
  "attempts at a call that came to nothing, with what they had said, and their tokens, which are not billed; how words and arguments were cut",
  "of builds: attempts, log lines, durations, their place between other events; whether one that no turn waits for was overtaken",
  "where between other events a message of the user's stands",
];

/** Events of which only what they come to is compared. */
const OF_BUILDS = new Set(["build_started", "build_log", "build_retrying", "build_finished", "preview_live"]);

/** One run as lists of lines by section. */
export function account(seen) {
  const { events } = seen;
  const plain = renamer(seen);
  const { story, faults } = told(events);
  const lines = (list) => list.map((one) => plain(JSON.stringify(one)));
  const isUsers = (event) => event.kind === "message" && event.role === "user";
  return {
    "messages in the feed": lines(events.filter(isUsers).map(timeless)),
    "feed": lines(story.filter((event) => !OF_BUILDS.has(event.kind) && !isUsers(event)).map(timeless)),
    "deltas": faults,
    "builds": lines(seen.builds.map((build) => built(build, events))),
    "previews": lines(previews(seen)),
    "messages": lines(saidBy(seen, "user")),
    "answers": lines(saidBy(seen, "assistant")),
    "versions": lines(seen.versions.map(({ created_at, ...version }, n) => ({ ...version, manifest: seen.manifests[n] }))),
    "files": lines(seen.files),
    "contents": lines(seen.contents),
    "ledger": lines([{ billed: seen.spent.billed, steps: seen.spent.steps }, { billed: seen.usage.billed, builds: seen.usage.builds }]),
    "app": lines([{ ...timeless(seen.app), served: seen.served, listed: seen.listed && timeless(seen.listed) }]),
    "page": lines(seen.page),
  };
}

/** What is different, in the order of the sections: `{section, at, expected, found}`, the first of each section. */
export function differences(expected, found) {
  return Object.keys(expected).flatMap((section) => {
    const [before, now] = [expected[section], found[section]];
    const at = before.findIndex((line, n) => line !== now[n]);
    if (at < 0 && before.length === now.length) return [];
    const place = at < 0 ? before.length : at;
    return [{ section, at: place, of: before.length, last: before[place - 1], expected: before[place], found: now[place] }];
  });
}

/** What was accepted and is not kept, or is kept otherwise. */
export function lost({ accepted, messages, events }) {
  return accepted.filter(({ turn, content }) => {
    const is = (one) => one.turn === turn && one.role === "user" && one.content === content;
    return !messages.some(is) || !events.some((event) => event.kind === "message" && is(event));
  }).map(({ turn, content }) => `${turn}: ${content}`);
}

/** What may happen once and has happened again: by the event that tells of it, and what tells it from others. */
const ONCE = {
  message: (event) => `${event.turn} ${event.role} ${event.content}`,
  turn_started: (event) => event.turn,
  turn_finished: (event) => event.turn,
  app_outlined: (event) => event.turn,
  step_started: (event) => `${event.turn} ${event.step}`,
  step_finished: (event) => `${event.turn} ${event.step}`,
  attempt_voided: (event) => `${event.turn} ${event.step} ${event.attempt}`,
  tool_call: (event) => event.call,
  tool_result: (event) => event.call,
  app_checked: (event) => `${event.turn} ${event.step}`,
  file_changed: (event) => `${event.path} ${event.hash}`,
  version_created: (event) => event.version,
  build_queued: (event) => `${event.version} ${event.mode}`,
  build_started: (event) => `${event.build} ${event.attempt}`,
  build_finished: (event) => event.build,
  preview_live: (event) => event.version,
  repair_started: (event) => `${event.turn} ${event.repair}`,
  app_renamed: (event) => event.name,
};

export function doubled({ events, messages, apps, cost, spent }) {
  const seen = new Map();
  const count = (what) => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const event of events) if (ONCE[event.kind]) count(`${event.kind} ${ONCE[event.kind](event)}`);
  for (const { turn, role, content } of messages) count(`stored message ${turn} ${role} ${content}`);
  const twice = [...seen].filter(([, times]) => times > 1).map(([what, times]) => `${what}: ${times} times`);
  if (apps !== 1) twice.push(`${apps} apps were created`);
  const more = ["billed", "unbilled", "held"].filter((side) => JSON.stringify(cost[side]) !== JSON.stringify(spent[side]));
  return [...twice, ...more.map((side) => `${side} in the ledger ${JSON.stringify(spent[side])}, by the feed ${JSON.stringify(cost[side])}`)];
}

/** Where the feed that was followed over all interruptions is not the one that is kept. The follower itself has seen to its numbers. */
export function gaps({ events, again }) {
  const at = events.findIndex((event, n) => JSON.stringify(event) !== JSON.stringify(again[n]));
  if (at < 0 && events.length === again.length) return [];
  return [`event ${at + 1}: followed ${JSON.stringify(events[at])}, kept ${JSON.stringify(again[at])}`];
}

function timeless({ seq, at, created_at, updated_at, ...rest }) {
  return rest;
}

/** Gives the names of one run's things those that they have in all. */
function renamer({ app, accepted, events }) {
  const names = [[app.id, "app"], ...accepted.map(({ turn }, n) => [turn, `turn ${n + 1}`])];
  for (const { kind, call } of events) if (kind === "tool_call") names.push([call, `call ${names.length}`]);
  return (text) => names.reduce((plain, [name, same]) => plain.replaceAll(name, same), text.replace(/localhost:\d+/g, "localhost"));
}

/**
 * The events without what came to nothing, the words of a step as one before its end; and what of the deltas cannot be: words of a
 * step that is over or not begun, and arguments that shrink.
 */
function told(events) {
  const open = new Map();
  const story = [];
  const faults = [];
  for (const event of events) {
    const step = `${event.turn} ${event.step}`;
    const said = open.get(step);
    const isDelta = event.kind === "text_delta" || event.kind === "tool_delta";
    if ((isDelta || event.kind === "attempt_voided") && !said) faults.push(`${event.kind} outside of its step: ${JSON.stringify(event)}`);
    else if (event.kind === "step_started") open.set(step, { text: "", bytes: new Map(), calls: [] });
    else if (event.kind === "attempt_voided") open.set(step, { text: "", bytes: new Map(), calls: [] });
    else if (event.kind === "text_delta") said.text += event.text;
    else if (event.kind === "tool_delta") {
      if (event.bytes <= (said.bytes.get(event.index)?.bytes ?? 0)) faults.push(`arguments shrink: ${JSON.stringify(event)}`);
      said.bytes.set(event.index, event);
    } else if (event.kind === "tool_call") said.calls.push(event.name);
    if (event.kind === "step_finished" && said) {
      for (const [index, { name }] of said.bytes) if (said.calls[index] !== name) faults.push(`call ${index} of ${step} was ${name}`);
      story.push({ kind: "words", turn: event.turn, step: event.step, text: said.text });
      open.delete(step);
    }
    if (!isDelta && event.kind !== "attempt_voided") story.push(event);
  }
  return { story, faults: [...faults, ...[...open.keys()].map((step) => `step ${step} has no end`)] };
}

/** A build without its luck. */
function built({ id, version, mode, status, diagnostics }, events) {
  const ends = events.filter((event) => event.kind === "build_finished" && event.build === id);
  const [end] = ends;
  const isWaitedFor = end.turn !== null;
  const calm = (word) => (word === "superseded" && !isWaitedFor ? "succeeded" : word);
  return {
    id, version, mode, status: calm(status), diagnostics, ends: ends.length,
    end: { turn: end.turn, version: end.version, status: calm(end.status), diagnostics: end.diagnostics },
  };
}

/** The versions that were live, in order, and whether their turns had waited for it. That of the foundation may be overtaken. */
function previews({ events }) {
  const end = (turn) => events.findIndex((event) => event.kind === "turn_finished" && event.turn === turn);
  const live = [...events.entries()].filter(([, { kind, turn }]) => kind === "preview_live" && turn !== null);
  return live.map(([n, event]) => ({ ...timeless(event), awaited: n < end(event.turn) }));
}

const saidBy = ({ messages }, who) => messages.filter(({ role }) => role === who).map(({ turn, role, content }) => ({ turn, role, content }));
