// Hears of every entry of a conversation's journal, and answers when it has decided what happens there.
import http from "node:http";

export class Witness {
  /** Called with `{point, of}`; what it gives back says whether the Worker gets an answer: `false` is for one that is dead. */
  hear = async () => true;
  #server;

  static async start() {
    const witness = new Witness();
    witness.#server = http.createServer(async (request, response) => {
      const { searchParams } = new URL(request.url, "http://witness");
      if (await witness.hear({ point: searchParams.get("point"), of: searchParams.get("of") })) response.end();
      else request.socket.destroy();
    });
    await new Promise((resolve) => witness.#server.listen(0, "127.0.0.1", resolve));
    return witness;
  }

  get env() {
    return { OVERSKILL_VAR_JOURNAL_WITNESS: `http://127.0.0.1:${this.#server.address().port}/` };
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function number(known, letter, id) {
  if (!known.has(id)) known.set(id, `${letter}${known.size + 1}`);
  return known.get(id);
}

/** The entries of one app's journal, by names that are the same in every run. */
export class Journal {
  #turns = new Map();
  #sets = new Map();
  /** The step that each turn is at, as its job. */
  #step = new Map();
  /** How often the attempt of a turn was heard. */
  #heard = new Map();
  /** How often each job was begun without an end. */
  #starts = new Map();

  /** The name of the boundary that is being passed. */
  name({ point, of }) {
    const job = of.replace(/\bt[a-z0-9]{15}\b/, (id) => number(this.#turns, "t", id)).replace(/\b[0-9a-f]{64}\b/, (set) => number(this.#sets, "s", set));
    if (point === "begins") {
      this.#starts.set(job, (this.#starts.get(job) ?? 0) + 1);
      if (job.startsWith("model/")) this.#step.set(job.split("/")[1], job);
    }
    if (point === "taken") this.#starts.delete(job);
    if (point === "begun") this.#heard.set(job, 0);
    if (point === "heard") this.#heard.set(job, this.#heard.get(job) + 1);
    // The workspace is told of the app again and again, by one job.
    if (job === "announce") return `${point} announce ${[...this.#step.keys()].at(-1) ?? "t0"}`;
    // An answer is told of every tenth of a second: how often, is luck.
    const which = point !== "heard" ? "" : this.#heard.get(job) === 1 ? " first" : " again";
    const isOfCall = point === "begun" || point === "heard";
    return `${point}${which} ${isOfCall ? this.#step.get(job) : job}`;
  }

  /** How often the job was begun that was begun most often. */
  get mostStarts() {
    return Math.max(0, ...this.#starts.values());
  }
}
