/**
 * Shows one group of the conversation, built from feed events alone: a turn with its message, steps, builds and
 * end, or, without a turn, what happened by hand (a restore, an edit).
 *
 * Events of one group may interleave with those of another and of its own builds, so each finds its row by key.
 * Decides nothing: what the feed does not say is not shown.
 */

import { Builds } from "./builds.js";
import { spending } from "./cost.js";
import { el, icon, plural } from "./dom.js";
import { question } from "./question.js";
import { diagnosticView, stage } from "./stage.js";
import { Steps } from "./steps.js";
import { WorkLog } from "./work.js";

/** How a turn's end is shown, by its outcome. */
const ENDS = {
  completed: { state: "done", label: "Done" },
  failed: { state: "failed", label: "Failed" },
  asked: { state: "waiting", label: "Waiting for your answer" },
  cancelled: { state: "stopped", label: "Stopped" },
  limit_reached: { state: "stopped", label: "Stopped: the budget is used up" },
};

/** What to do about a budget that is used up, by what the summary names. */
const BUDGETS = [
  [/budget of this turn /, "Send a message to go on: each turn has a budget of its own."],
  [/budget of this workspace for today /, "It begins anew at midnight UTC."],
  [/budget of this (app|workspace) /, "Whoever runs this installation can raise it."],
];

const AUTHORS = { foundation: "the foundation", model: "the model", user: "you", restore: "a restore", system: "the build" };

export class Turn {
  /** `actions`: `screenshot(build)` its address, `openFile(path, line)`, `showPreview()`, `liveNow(row)` with the row of the
   * preview that is live from now on, `grown()` after text was drawn, `model()` the app's own (`null` while it is not known),
   * `answer(text, key)` sends the answer to a question, `takeBack(id, text)` ends a turn that has not begun, and `picture(hash)`
   * the address of an attachment, if the app has it still. `at`: when the group began. */
  constructor(id, at, actions) {
    this.id = id;
    this.at = at;
    this.actions = actions;
    this.began = at;
    this.started = false;
    this.said = new Map();
    this.queued = null;
    this.question = null;
    this.repair = null;
    this.work = new WorkLog();
    this.steps = new Steps(this.work, actions);
    this.builds = new Builds(this.work, actions);
    this.asked = el("div", { class: "asked" });
    this.node = el("article", { class: id === null ? "turn turn-loose" : "turn" }, this.asked, this.work.node);
  }

  /** Takes one event. Returns the sentence that says it aloud, or `null` when it is not worth one. */
  apply(event) {
    switch (event.kind) {
      case "message": return event.role === "user" ? this.ask(event.content, event.attachments) : this.answer(event.content);
      case "turn_started": return this.start(event);
      case "step_started": return this.steps.start(event);
      case "text_delta": return this.steps.text(event);
      case "tool_delta": return this.steps.draft(event);
      case "attempt_voided": return this.steps.fail(event);
      case "step_finished": return this.steps.finish(event);
      case "question": return this.inquire(event);
      case "repair_started": return this.mend(event);
      case "tool_call": return this.steps.callTool(event);
      case "tool_result": return this.steps.finishTool(event);
      case "app_checked": return this.check(event);
      case "file_changed": return this.changeFile(event);
      case "version_created": return this.version(event);
      case "build_queued": return this.builds.queue(event);
      case "build_started": return this.builds.start(event);
      case "build_log": return this.builds.log(event);
      case "build_retrying": return this.builds.retry(event);
      case "build_finished": return this.finishBuild(event);
      case "preview_live": return this.live(event);
      case "app_renamed": return this.rename(event);
      case "turn_finished": return this.finish(event);
      default: return null;
    }
  }

  /** The user's message, the only one of a turn; safe to repeat, since the page shows it before the feed brings it. */
  ask(content, attachments = []) {
    this.words = content;
    this.asked.replaceChildren(
      el("div", { class: "bubble" }, el("span", { class: "visually-hidden" }, "You: "), content),
      ...(attachments.length > 0 ? [this.pictures(attachments)] : []));
    return null;
  }

  /** Attachments are files of the app: one that it has no more is counted and not shown. */
  pictures(hashes) {
    const count = plural(hashes.length, "image");
    const node = el("div", { class: "attachments", role: "group", "aria-label": `With ${count}` }, `With ${count}`);
    Promise.all(hashes.map((hash) => this.actions.picture(hash))).then((found) => {
      const shown = found.filter(Boolean);
      if (shown.length === 0) return;
      node.replaceChildren(...shown.map((src, index) => el("a", { href: src, target: "_blank", rel: "noopener" },
        el("img", { src, alt: `Attached image ${index + 1}`, loading: "lazy" }))),
        ...(shown.length < hashes.length ? [`and ${plural(hashes.length - shown.length, "image")} that the app has no more`] : []));
      this.actions.grown();
    }, () => null);
    return node;
  }

  answer(content) {
    // The message that ends a turn usually repeats what its steps have streamed, or what it has asked.
    if (this.question || squash(this.spoken()).includes(squash(content))) return null;
    this.prose(content);
    return content;
  }

  /** Says that the turn waits for another one, until it starts or is taken back. */
  wait() {
    if (this.queued || this.started) return;
    const back = el("button", { type: "button", class: "link", testid: "take-back", onclick: async () => {
      back.disabled = true;
      await this.actions.takeBack(this.id, this.words);
      back.disabled = false;
    } }, "Take back");
    this.queued = this.work.row({ state: "waiting", label: "Waiting for the turn before it", note: back });
  }

  start(event) {
    this.started = true;
    this.queued?.node.remove();
    this.queued = null;
    this.began = event.at;
    this.work.think(event.at);
    return "Working on it";
  }

  inquire(event) {
    this.steps.rest(event.at);
    this.steps.hide("ask_user");
    this.question = question({ ...event, answer: (text, key) => this.actions.answer(text, key) });
    this.work.add(this.question.node);
    return null;
  }

  /** Takes the message that came after its question, which is the answer. */
  settle(said) {
    this.question.settle(said);
    this.end?.set({ state: "done", label: "Answered" });
  }

  mend(event) {
    this.steps.rest(event.at);
    const what = plural(event.errors, "error");
    const way = event.strategy === "rethink" ? ", in another way" : "";
    const row = this.work.row({ state: "running", label: `Repairing${way}: ${what} (free)` });
    row.node.dataset.testid = "repair";
    row.start(event.at);
    this.repair = { row, what };
    return `Repairing ${what}${way}, free`;
  }

  /** A repair is over when the next build is, or the turn. */
  endRepair(at, isMended) {
    if (!this.repair) return;
    const { row, what } = this.repair;
    row.stop(at);
    row.set(isMended ? { state: "done", label: `Repaired ${what} (free)` } : { state: "warning", label: `Tried to repair ${what} (free)` });
    this.repair = null;
  }

  finishBuild(event) {
    if (event.turn === this.id && event.status !== "superseded") this.endRepair(event.at, event.status === "succeeded");
    return this.builds.finish(event);
  }

  /** What a step has broken; nothing is shown while all is well. */
  check(event) {
    if (event.findings.length === 0) return null;
    const errors = event.findings.filter((one) => one.severity === "error").length;
    const parts = [errors && plural(errors, "error"), event.findings.length > errors && plural(event.findings.length - errors, "warning")];
    const note = parts.filter(Boolean).join(", ");
    const row = this.work.row({ state: errors ? "warning" : "done", label: "Checked the app before the build", note, folds: true });
    row.node.dataset.testid = "app-checked";
    row.body.append(...event.findings.map((one) => diagnosticView(one, this.actions.openFile)));
    return `Checked the app: ${note}`;
  }

  changeFile(event) {
    if (event.by !== "user") return null;
    const verb = event.hash === null ? "You deleted " : "You edited ";
    this.work.row({ state: "done", label: el("span", {}, verb, el("span", { class: "mono" }, event.path)) });
    return `${verb}${event.path}`;
  }

  rename(event) {
    const sentence = `Named the app “${event.name}”`;
    if (!this.steps.tell("rename_app", sentence)) this.work.row({ state: "done", label: sentence });
    return sentence;
  }

  version(event) {
    if (event.author === "model") this.steps.rest(event.at);
    this.work.row({
      state: "done",
      label: el("span", {}, el("strong", {}, `Version ${event.version}`), ` by ${AUTHORS[event.author] ?? event.author}`),
      note: event.summary ?? "",
    });
    return `Version ${event.version} created`;
  }

  live(event) {
    const label = el("span", {}, el("strong", {}, "Preview live"), ` with version ${event.version}`);
    const open = el("button", { type: "button", class: "link show-preview", onclick: () => this.actions.showPreview() }, "Show");
    this.actions.liveNow(this.work.row({ state: "live", label, note: open }));
    return `The preview is live with version ${event.version}`;
  }

  finish(event) {
    this.steps.rest(event.at);
    this.endRepair(event.at, event.outcome === "completed");
    this.queued?.node.remove();
    this.end = stage(ENDS[event.outcome] ?? { state: "failed", label: event.outcome });
    this.end.node.classList.add("turn-end");
    Object.assign(this.end.node.dataset, { testid: "turn-finished", outcome: event.outcome });
    if (this.started) {
      this.end.start(this.began);
      this.end.stop(event.at);
    }
    const sentence = this.conclude(event);
    this.work.add(this.end.node);
    return sentence;
  }

  /** Says how the turn ended and what it has cost; the sentence that says it aloud. */
  conclude({ outcome, summary, version, edits, spent }) {
    const facts = spending(spent, this.steps.prices);
    if (edits.rewrite > edits.spent) facts.push(`edits cost ${Math.floor((100 * (edits.rewrite - edits.spent)) / edits.rewrite)} % less than rewriting the files`);
    this.end.set({ note: facts.join(" · ") });
    if (outcome === "completed") {
      if (version === null && summary && !squash(this.spoken()).includes(squash(summary))) this.prose(summary);
      return summary ? `Done. ${summary}` : "Done";
    }
    // The end says once more what was said as a message.
    this.unsay(summary);
    if (outcome === "asked") return `The model asks: ${summary}`;
    if (outcome === "cancelled") {
      this.end.set(this.started ? { note: [summary.replace(/^Stopped\.\s*/, "").replace(/\.$/, ""), ...facts].filter(Boolean).join(" · ") } : { label: "Taken back before it began" });
      return summary;
    }
    if (outcome === "limit_reached") {
      const [, advice] = BUDGETS.find(([budget]) => budget.test(summary)) ?? [];
      this.work.add(el("div", { class: "notice", role: "group", testid: "limit" }, icon("warning"),
        el("div", {}, el("p", {}, summary), advice && el("p", {}, advice))));
      return `${summary} ${advice ?? ""}`;
    }
    this.work.add(
      el("div", { class: "problem", role: "group" },
        el("div", { class: "problem-text" },
          el("p", { class: "problem-title" }, "This turn did not succeed"),
          summary && el("p", {}, summary),
          el("p", {}, "What was live stays live. Say what to change, or restore an earlier version."))));
    return `This turn did not succeed. ${summary ?? ""}`;
  }

  prose(text) {
    this.said.set(text, this.work.prose(text));
  }

  /** Takes back what was shown as said, where it is shown otherwise. */
  unsay(text) {
    this.said.get(text)?.remove();
    this.said.delete(text);
  }

  spoken() {
    return [...this.steps.spoken(), ...this.said.keys()].join("\n");
  }
}

/** Without white space: an answer that was cut off in the middle of a word goes on in another step. */
function squash(text) {
  return text.replace(/\s+/g, "");
}
