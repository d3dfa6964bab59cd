/**
 * Shows one group of the conversation, built from feed events alone: a turn with its message, steps, builds and
 * end, or, without a turn, what happened by hand (a restore, an edit).
 *
 * Events of one group may interleave with those of another and of its own builds, so each finds its row by key.
 * Decides nothing: what the feed does not say is not shown.
 */

import { Builds } from "./builds.js";
import { el, plural } from "./dom.js";
import { diagnosticView, stage } from "./stage.js";
import { Steps } from "./steps.js";
import { WorkLog } from "./work.js";

const AUTHORS = { foundation: "the foundation", model: "the model", user: "you", restore: "a restore", system: "the build" };

export class Turn {
  /** `actions`: `screenshot(build)` its address, `openFile(path, line)`, `showPreview()`, `liveNow(row)` with the row of the
   * preview that is live from now on, and `grown()` after text was drawn. `at`: when the group began. */
  constructor(id, at, actions) {
    this.id = id;
    this.at = at;
    this.actions = actions;
    this.began = at;
    this.said = new Set();
    this.work = new WorkLog();
    this.steps = new Steps(this.work, actions);
    this.builds = new Builds(this.work, actions);
    this.asked = el("div", { class: "asked" });
    this.node = el("article", { class: id === null ? "turn turn-loose" : "turn" }, this.asked, this.work.node);
  }

  /** Takes one event. Returns the sentence that says it aloud, or `null` when it is not worth one. */
  apply(event) {
    switch (event.kind) {
      case "message": return event.role === "user" ? this.ask(event.content) : this.answer(event.content);
      case "turn_started": return this.start(event);
      case "step_started": return this.steps.start(event);
      case "text_delta": return this.steps.text(event);
      case "tool_call": return this.steps.callTool(event);
      case "tool_result": return this.steps.finishTool(event);
      case "app_checked": return this.check(event);
      case "file_changed": return this.changeFile(event);
      case "version_created": return this.version(event);
      case "build_queued": return this.builds.queue(event);
      case "build_started": return this.builds.start(event);
      case "build_log": return this.builds.log(event);
      case "build_retrying": return this.builds.retry(event);
      case "build_finished": return this.builds.finish(event);
      case "preview_live": return this.live(event);
      case "app_renamed": return this.rename(event);
      case "turn_finished": return this.finish(event);
      default: return null;
    }
  }

  /** The user's message, the only one of a turn; safe to repeat, since the page shows it before the feed brings it. */
  ask(content) {
    this.asked.replaceChildren(el("div", { class: "bubble" }, el("span", { class: "visually-hidden" }, "You: "), content));
    return null;
  }

  answer(content) {
    // The message that ends a turn usually repeats what its steps have streamed.
    if (squash(this.spoken()).includes(squash(content))) return null;
    this.prose(content);
    return content;
  }

  start(event) {
    this.began = event.at;
    this.work.think(event.at);
    return "Working on it";
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
    const took = stage({ state: event.outcome === "completed" ? "done" : "failed", label: event.outcome === "completed" ? "Done" : "Stopped" });
    took.node.classList.add("turn-end");
    Object.assign(took.node.dataset, { testid: "turn-finished", outcome: event.outcome });
    took.start(this.began);
    took.stop(event.at);
    const { spent, rewrite } = event.edits;
    if (rewrite > spent) took.set({ note: `edits cost ${Math.floor((100 * (rewrite - spent)) / rewrite)} % less than rewriting the files` });
    if (event.outcome === "completed") {
      if (event.version === null && event.summary && !squash(this.spoken()).includes(squash(event.summary))) this.prose(event.summary);
      this.work.add(took.node);
      return "Done";
    }
    this.work.add(
      el("div", { class: "problem", role: "group" },
        el("div", { class: "problem-text" },
          el("p", { class: "problem-title" }, "This turn did not succeed"),
          event.summary && el("p", {}, event.summary),
          el("p", {}, "The last good preview stays live. Say what to change, or restore an earlier version."))));
    this.work.add(took.node);
    return `This turn did not succeed. ${event.summary ?? ""}`;
  }

  prose(text) {
    this.work.prose(text);
    this.said.add(text);
  }

  spoken() {
    return [...this.steps.spoken(), ...this.said].join("\n");
  }
}

function squash(text) {
  return text.replace(/\s+/g, " ").trim();
}
