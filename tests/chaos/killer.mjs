// Kills parts while a scenario is played, and measures how soon the feed's reader has it again.
import { setTimeout as sleep } from "node:timers/promises";

import { request } from "../../xtask/local/harness.mjs";
import { PARTS } from "./parts.mjs";

/** A job is given up that was begun ten times without an end. */
const MOST_STARTS = 8;
/** A build fails whose builder was away six times, and a turn whose model has failed six times in a row: a kill may count twice. */
const MOST_BUILDERS = 2;
const MOST_DOUBLES = 2;
/** A reader that has nothing after so long will have nothing. */
const GIVEN_UP_MS = 30_000;

export class Killer {
  /** `{part, at}` in their order; `at` is a boundary, or nothing. */
  kills = [];
  /** How long the feed's reader took after the Worker answered again, in milliseconds. */
  attached = [];
  /** How long the Worker was away, in milliseconds. */
  away = [];
  #parts;
  #journal;
  #scenario;
  #away = new Map();
  /** How often workerd was killed. */
  #worker = 0;
  #measuring;
  #since = { builder: ["", 0], double: ["", 0] };

  constructor({ parts, journal, scenario }) {
    this.#parts = parts;
    this.#journal = journal;
    this.#scenario = scenario;
  }

  /** Whether a kill of this part leaves the run one that has to come to the same end. */
  allows(part) {
    if (part === "workerd") return this.#journal.mostStarts < MOST_STARTS;
    const most = part === "builder" ? MOST_BUILDERS : MOST_DOUBLES;
    const [epoch, count] = this.#since[part];
    return epoch !== this.#epoch(part) || count < most;
  }

  /** What has come to an end of that which the part has a share in. */
  #epoch(part) {
    const feed = this.#scenario.app?.feed;
    return `${feed?.of(part === "builder" ? "build_finished" : "step_finished").length}`;
  }

  async kill(part, at) {
    const { pid, at: killed } = await this.#parts.kill(part);
    this.kills.push({ part, at });
    if (part === "workerd") {
      this.#worker += 1;
      this.#measuring = this.#measure(pid, killed);
    } else {
      const epoch = this.#epoch(part);
      const [known, count] = this.#since[part];
      this.#since[part] = [epoch, known === epoch ? count + 1 : 1];
    }
    this.#away.set(part, this.#parts.back(part, pid));
  }

  /** Kills parts by chance until `count` were killed, or until it is told to stop. */
  async chance(next, count, signal) {
    for (let done = 0; done < count && !signal.aborted;) {
      await sleep(50 + next() * 800);
      const moment = Math.floor(next() * 3);
      const delay = next() * 20;
      const drawn = PARTS[Math.floor(next() * PARTS.length)];
      const part = moment === 2 ? "workerd" : drawn;
      await this.#away.get(part);
      // What a client has heard is true, even if whoever said it dies in that moment.
      if (moment === 1) await this.#scenario.news();
      // Whoever dies with a question may have done what was asked, or not.
      if (moment === 2) await this.#scenario.question().then(() => sleep(delay));
      if (signal.aborted || !this.allows(part)) continue;
      await this.kill(part);
      done += 1;
    }
  }

  /** Waits until everything is back, and whoever reads the feed has it again. */
  async back() {
    await Promise.all([this.#measuring, ...this.#away.values()]);
  }

  /** Nothing is measured any more. */
  stop() {
    this.#worker += 1;
  }

  async #measure(pid, killed) {
    const mine = this.#worker;
    const { feed } = this.#scenario.app ?? {};
    const { port } = this.#parts.stack;
    const isMine = () => mine === this.#worker;
    for (;;) {
      if (!isMine()) return;
      const isAnother = this.#parts.pid("workerd") !== pid;
      const answer = await request(port, `localhost:${port}`, "/healthz", { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (isAnother && answer?.status === 200) break;
      await sleep(3);
    }
    const answered = performance.now();
    this.away.push(answered - killed);
    // What is killed again before the reader is there counts then.
    while (isMine() && feed) {
      const waited = performance.now() - answered;
      const at = feed.attached.find((moment) => moment > killed);
      if (at !== undefined || waited > GIVEN_UP_MS) {
        this.attached.push(at === undefined ? waited : Math.max(0, at - answered));
        return;
      }
      await sleep(2);
    }
  }
}
