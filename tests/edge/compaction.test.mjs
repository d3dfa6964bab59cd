// Older turns of a feed are compacted: whoever reads them from the beginning, or goes on in the middle of them, shows what others show.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { readFeed, saidIn } from "../support/feed.mjs";
import { MODELS, Stage } from "../support/stage.mjs";

/** How many of the newest events stay as they were. */
const WHOLE = 20;
/** What is left out where a turn is compacted; its words are put together. */
const LEFT_OUT = new Set(["tool_delta", "build_log", "app_outlined"]);

const TEXT = "It has a list of recipes, täglich 🍲, and a page for each one. ".repeat(8);
const CONTENT = "// A line of a file.\n".repeat(40);
const write = (n) => ({ text: TEXT, calls: [{ name: "write_file", input: { path: `src/notes/note${n}.ts`, content: CONTENT } }], gapMs: 20 });

let stage;
before(async () => {
  stage = await Stage.start([MODELS.anthropic], { vars: { FEED_WHOLE_EVENTS: String(WHOLE) } });
});
after(() => stage?.stop());

/** What there is to show of a turn. */
function shown(events, turn) {
  const own = events.filter((event) => event.turn === turn);
  const steps = [...new Set(own.map(({ step }) => step).filter(Boolean))];
  return {
    words: steps.map((step) => saidIn(own, step)),
    others: own.filter(({ kind }) => kind !== "text_delta" && !LEFT_OUT.has(kind)).map(({ since, ...event }) => event),
  };
}

test("older turns are compacted, and nothing is missing that a client shows", async (t) => {
  let asked = 0;
  // The first answer breaks off in the middle of its words, and is made again.
  const script = ({ said }) => {
    asked += 1;
    if (asked === 1) return { ...write(1), cutAfter: 12 };
    return said.step === 0 ? write(asked) : { text: "Done." };
  };
  const app = await stage.app(script);
  const turns = [app.turn];
  await app.completed();
  for (const next of ["More", "And more", "And again"]) {
    const turn = await app.say(next);
    turns.push(turn);
    if (next === "And more") {
      // One that waits is taken back, and so ends in the middle of what is said.
      await app.feed.find("words", (event) => event.kind === "text_delta" && event.turn === turn);
      turns.push(await app.say("Or not"));
      await app.cancel(turns.at(-1));
      await app.ended(turns.at(-1));
      assert.ok(!app.told(turn, "step_finished").length, "it speaks still");
    }
    await app.completed(turn);
  }
  await app.settled();
  const { events, last } = app.feed;
  assert.equal(events.length, last, "who was there has heard it all");
  assert.ok(app.told(turns[0], "attempt_voided").length > 0);

  const replay = await readFeed(stage.stack, app.id, { upTo: last });
  t.diagnostic(`${events.length} events, ${replay.length} of them left`);
  for (const turn of turns) assert.deepEqual(shown(replay, turn), shown(events, turn));

  // The newest events are whole.
  const compacted = replay.findLast(({ since }) => since).seq;
  assert.ok(last - compacted >= WHOLE);
  assert.deepEqual(replay.filter(({ seq }) => seq > compacted), events.slice(compacted));
  const old = replay.filter(({ seq }) => seq <= compacted);
  assert.ok(old.length < 0.7 * compacted, `${old.length} of ${compacted}`);
  assert.deepEqual(old.filter(({ kind }) => LEFT_OUT.has(kind)), []);
  const words = old.filter(({ kind }) => kind === "text_delta");
  assert.ok(words.length > 0 && words.every(({ whole }) => whole));
  assert.equal(new Set(words.map(({ turn, step }) => `${turn} ${step}`)).size, words.length, "one for each step");

  // Whoever was in the middle of something goes on from there.
  for (let from = 1; from < compacted; from += 7) {
    const rest = await readFeed(stage.stack, app.id, { after: from, upTo: last });
    const seen = [...events.slice(0, from), ...rest];
    for (const turn of turns) assert.deepEqual(shown(seen, turn), shown(events, turn), `after ${from}`);
  }
  // What builders said is in the log of each build still.
  const build = events.find(({ kind }) => kind === "build_log")?.build;
  assert.ok(build);
  const lines = events.filter((event) => event.kind === "build_log" && event.build === build).map(({ line }) => line);
  const log = await app.api("GET", `/builds/${build}/log`);
  assert.deepEqual([log.status, lines.filter((line) => !log.text.includes(line))], [200, []]);
});

test("nothing has crashed", () => stage.assertClean());
