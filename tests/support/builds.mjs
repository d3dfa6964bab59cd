// Many builds of small apps, and what must be true of them afterwards.
import assert from "node:assert/strict";

import { App } from "./app.mjs";
import { assertSound } from "./history.mjs";
import { until } from "./wait.mjs";

const APPS = 10;
const EACH = 5;
/** All builds of a run. */
export const BUILDS = APPS * EACH;
/** How long a build may take in a run in which things are killed, in milliseconds. */
const BUILD_MS = 150_000;

const page = (text) => `<!doctype html><title>${text}</title><p id="root">${text}</p><script type="module" src="/src/small.js"></script>\n`;

/** Apps of which little is built, and that are built again and again, each time another. */
export class Fleet {
  /** The builds of the run, in the order in which they ended: `{app, version, build}`. */
  ended = [];

  static async create(stack) {
    const fleet = new Fleet();
    fleet.apps = await Promise.all(Array.from({ length: APPS }, () => App.create(stack)));
    try {
      await Promise.all(fleet.apps.map(async (app) => {
        await app.completed();
        await put(app, "src/small.js", "document.body.dataset.small = 'yes'\n");
        await app.settled();
      }));
    } catch (error) {
      fleet.close();
      throw error;
    }
    fleet.marks = new Map(fleet.apps.map((app) => [app, app.feed.events.length]));
    return fleet;
  }

  /** Has every app built five times, one after the other, all apps side by side. */
  async build() {
    await Promise.all(this.apps.map(async (app) => {
      for (let n = 1; n <= EACH; n += 1) {
        const version = await put(app, "index.html", page(`${app.id} ${n}`));
        const end = await app.feed.find(`the end of version ${version}`, (event) => event.kind === "build_finished" && event.version === version, { timeoutMs: BUILD_MS });
        this.ended.push({ app, version, build: end.build });
      }
    }));
  }

  /** Events of the run. */
  of(kind) {
    return this.apps.flatMap((app) => app.feed.events.slice(this.marks.get(app)).filter((event) => event.kind === kind).map((event) => ({ app, ...event })));
  }

  /** How many builds wait in the queue, for a consumer. */
  get pending() {
    const key = ({ app, build }) => `${app.id} ${build}`;
    const taken = new Set(this.of("build_started").map(key));
    return this.of("build_queued").filter((event) => !taken.has(key(event))).length;
  }

  /** Fifty results, none twice, none lost, and every app shows its last one. */
  async assertWhole() {
    assert.equal(this.ended.length, BUILDS);
    assert.equal(this.of("build_queued").length, BUILDS);
    assert.equal(this.of("build_finished").length, BUILDS);
    assert.equal(this.of("preview_live").length, BUILDS);
    for (const { app, version, build } of this.ended) {
      const shown = (await app.get(`/builds/${build}`)).build;
      assert.deepEqual([shown.status, shown.version], ["succeeded", version], JSON.stringify(shown));
    }
    for (const app of this.apps) {
      await assertSound(app);
      assert.equal(await app.served(), (await app.show()).version);
      assert.match((await app.preview()).text, new RegExp(`<p id="root">${app.id} ${EACH}</p>`));
    }
  }

  close() {
    this.apps?.forEach((app) => app.close());
  }
}

/** Writes a file, however often its server is killed meanwhile; the version that holds it. */
function put(app, file, text) {
  return until(`${file} to be written`, async () => {
    const now = await app.fileCall("GET", file);
    if (now.status === 200 && now.text === text) return (await app.show()).version;
    const condition = now.status === 404 ? { "if-none-match": "*" } : { "if-match": now.headers.etag };
    await app.fileCall("PUT", file, { body: text, headers: condition });
    return undefined;
  });
}
