/**
 * Shows one group of the conversation, built from feed events alone: a turn with its message, steps, builds and
 * end, or, without a turn, what happened by hand (a restore, an edit).
 *
 * Events of one group may interleave with those of another and of its own builds, so each finds its row by key.
 * Decides nothing: what the feed does not say is not shown.
 */

import { el, plural } from "./dom.js";
import { showProse } from "./prose.js";
import { diagnosticView, stage } from "./stage.js";

const VERBS = {
  write_file: ["Writing", "Wrote"],
  line_replace: ["Editing", "Edited"],
  edit_lines: ["Editing", "Edited"],
  view_file: ["Reading", "Read"],
  delete_file: ["Deleting", "Deleted"],
  rename_file: ["Moving", "Moved"],
  search_files: ["Searching", "Searched"],
  rename_app: ["Renaming the app", "Renamed the app"],
};

const AUTHORS = { foundation: "the foundation", model: "the model", user: "you", restore: "a restore", system: "the build" };

/** Log lines kept on the page for one build; the whole log is at the API. */
const LOG_LINES = 300;

export class Turn {
  /** `actions`: `screenshot(build)` its address, `openFile(path, line)`, `showPreview()`, `liveNow(row)` with the row of the
   * preview that is live from now on, and `grown()` after text was drawn. `at`: when the group began. */
  constructor(id, at, actions) {
    this.id = id;
    this.at = at;
    this.actions = actions;
    this.began = at;
    this.said = new Set();
    this.steps = new Map();
    this.builds = new Map();
    this.work = el("div", { class: "work-log" });
    this.asked = el("div", { class: "asked" });
    this.node = el("article", { class: id === null ? "turn turn-loose" : "turn" }, this.asked, this.work);
  }

  /** Takes one event. Returns the sentence that says it aloud, or `null` when it is not worth one. */
  apply(event) {
    switch (event.kind) {
      case "message": return event.role === "user" ? this.ask(event.content) : this.answer(event.content);
      case "turn_started": return this.start(event);
      case "step_started": return this.startStep(event);
      case "text_delta": return this.text(event);
      case "tool_call": return this.callTool(event);
      case "tool_result": return this.finishTool(event);
      case "app_checked": return this.check(event);
      case "file_changed": return this.changeFile(event);
      case "version_created": return this.version(event);
      case "build_queued": return this.build(event, { state: "waiting", label: `Queued the build of version ${event.version}` });
      case "build_started": return this.startBuild(event);
      case "build_log": return this.log(event);
      case "build_retrying": return this.retryBuild(event);
      case "build_finished": return this.finishBuild(event);
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
    this.think(event.at);
    return "Working on it";
  }

  startStep(event) {
    this.rest(event.at);
    const known = this.steps.get(event.step);
    if (known) {
      // A step resumed after a crash streams again from its beginning.
      known.text = "";
      this.current = known;
      return null;
    }
    const step = { began: event.at, text: "", tools: new Map(), prose: el("div", { class: "prose" }), row: null, list: null };
    step.node = el("div", { class: "step" }, step.prose);
    this.steps.set(event.step, step);
    this.current = step;
    this.work.append(step.node);
    this.think(event.at);
    return null;
  }

  think(at) {
    this.thinking?.node.remove();
    this.thinking = stage({ state: "running", label: "Thinking" });
    this.thinking.start(at);
    this.work.append(this.thinking.node);
  }

  stopThinking(at) {
    if (!this.thinking) return;
    this.thinking.stop(at);
    this.thinking.node.remove();
    this.thinking = null;
  }

  step(event) {
    if (!this.steps.has(event.step)) this.startStep(event);
    return this.steps.get(event.step);
  }

  text(event) {
    const step = this.step(event);
    this.stopThinking(event.at);
    step.text += event.text;
    step.drawing ??= requestAnimationFrame(() => {
      step.drawing = null;
      showProse(step.prose, step.text);
      this.actions.grown();
    });
    return null;
  }

  callTool(event) {
    const step = this.step(event);
    this.stopThinking(event.at);
    if (!step.row) {
      step.row = stage({ state: "running", label: "Working", folds: true });
      step.row.node.open = true;
      step.row.start(event.at);
      step.list = el("ul", { class: "tools" });
      step.row.body.append(step.list);
      step.node.append(step.row.node);
    }
    if (step.tools.has(event.call)) return null;
    const [doing, did] = VERBS[event.name] ?? [event.name, event.name];
    const tool = {
      name: event.name, path: event.path ?? null, did, ok: null,
      verb: el("span", { class: "tool-verb" }, doing),
      note: el("span", { class: "tool-note" }),
    };
    tool.node = el("li", { class: "tool", "data-state": "running" }, tool.verb,
      event.path && el("button", { type: "button", class: "link mono tool-path", onclick: () => this.actions.openFile(event.path, 1) }, event.path),
      tool.note);
    step.tools.set(event.call, tool);
    step.list.append(tool.node);
    step.row.set({ state: "running", label: event.path ? `${doing} ${event.path.split("/").at(-1)}` : doing });
    return null;
  }

  finishTool(event) {
    const step = this.step(event);
    const tool = step.tools.get(event.call);
    if (!tool) return null;
    tool.ok = event.ok;
    tool.node.dataset.state = event.ok ? "done" : "failed";
    tool.verb.textContent = tool.did;
    if (!event.ok) tool.note.textContent = event.summary;
    else if (event.summary) tool.node.title = event.summary;
    const all = [...step.tools.values()];
    if (all.every((one) => one.ok !== null)) {
      step.row.set({ state: all.some((one) => !one.ok) ? "warning" : "done", label: describe(all) });
      step.row.stop(event.at);
    }
    return null;
  }

  /** Ends what was running in the current step. */
  rest(at) {
    this.stopThinking(at);
    const step = this.current;
    if (!step?.row) return;
    const all = [...step.tools.values()];
    step.row.set({ state: all.some((one) => one.ok === false) ? "warning" : "done", label: describe(all) });
    step.row.stop(at);
    if (step.tools.size > 3) step.row.node.open = false;
  }

  /** What a step has broken; nothing is shown while all is well. */
  check(event) {
    if (event.findings.length === 0) return null;
    const errors = event.findings.filter((one) => one.severity === "error").length;
    const parts = [errors && plural(errors, "error"), event.findings.length > errors && plural(event.findings.length - errors, "warning")];
    const note = parts.filter(Boolean).join(", ");
    const row = this.row({ state: errors ? "warning" : "done", label: "Checked the app before the build", note, folds: true });
    row.node.dataset.testid = "app-checked";
    row.body.append(...event.findings.map((one) => diagnosticView(one, this.actions.openFile)));
    return `Checked the app: ${note}`;
  }

  changeFile(event) {
    if (event.by !== "user") return null;
    const verb = event.hash === null ? "You deleted " : "You edited ";
    this.row({ state: "done", label: el("span", {}, verb, el("span", { class: "mono" }, event.path)) });
    return `${verb}${event.path}`;
  }

  rename(event) {
    const sentence = `Named the app “${event.name}”`;
    const tool = [...this.steps.values()].flatMap((step) => [...step.tools.values()]).find((one) => one.name === "rename_app");
    if (!tool) {
      this.row({ state: "done", label: sentence });
      return sentence;
    }
    tool.did = sentence;
    tool.verb.textContent = sentence;
    return sentence;
  }

  version(event) {
    if (event.author === "model") this.rest(event.at);
    this.row({
      state: "done",
      label: el("span", {}, el("strong", {}, `Version ${event.version}`), ` by ${AUTHORS[event.author] ?? event.author}`),
      note: event.summary ?? "",
    });
    return `Version ${event.version} created`;
  }

  build(event, change) {
    let build = this.builds.get(event.build);
    if (!build) {
      const row = stage({ state: "waiting", label: "", folds: true });
      row.node.classList.add("build");
      const diagnostics = el("div", { class: "diagnostics" });
      const log = el("pre", { class: "log", tabindex: "0", "aria-label": "Build log" });
      const picture = el("figure", { class: "screenshot" });
      row.body.append(picture, diagnostics, log);
      build = { row, version: event.version, lines: [], picture, diagnostics, log };
      this.builds.set(event.build, build);
      row.start(event.at);
      this.work.append(row.node);
      if (this.thinking) this.work.append(this.thinking.node);
    }
    if (event.version) build.version = event.version;
    if (change) build.row.set(change);
    return null;
  }

  startBuild(event) {
    const again = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
    this.build(event, { state: "running", label: `Building version ${event.version}${again}`, note: "" });
    return `Building version ${event.version}`;
  }

  log(event) {
    this.build(event);
    const build = this.builds.get(event.build);
    build.lines.push(event.line);
    if (build.lines.length > LOG_LINES) build.lines.shift();
    build.drawing ??= requestAnimationFrame(() => {
      build.drawing = null;
      build.log.textContent = build.lines.join("\n");
      build.log.scrollTop = build.log.scrollHeight;
    });
    return null;
  }

  retryBuild(event) {
    this.build(event, { state: "warning", note: event.reason });
    const build = this.builds.get(event.build);
    build.row.set({ label: `Building version ${build.version ?? ""} again, attempt ${event.attempt}` });
    return `The build is tried again: ${event.reason}`;
  }

  finishBuild(event) {
    this.build(event);
    const { row, picture, diagnostics } = this.builds.get(event.build);
    const found = event.diagnostics ?? [];
    const warnings = found.filter((one) => one.severity === "warning").length;
    row.stop(event.at, event.millis);
    if (event.screenshot)
      picture.replaceChildren(el("img", {
        src: this.actions.screenshot(event.build), alt: `The start page of version ${event.version}`, loading: "lazy", width: 1280, height: 800,
      }));
    diagnostics.replaceChildren(...found.map((one) => diagnosticView(one, this.actions.openFile)));
    if (event.status === "succeeded") {
      const notes = [event.cached ? "the same was built before" : "", warnings ? plural(warnings, "warning") : ""];
      row.set({ state: "done", label: `Built version ${event.version}`, note: notes.filter(Boolean).join(", ") });
      return `Version ${event.version} is built`;
    }
    if (event.status === "superseded") {
      row.set({ state: "done", label: `Skipped the build of version ${event.version}`, note: "a newer version took its place" });
      return null;
    }
    row.set({ state: "failed", label: `The build of version ${event.version} failed`, note: plural(found.length - warnings, "error") });
    row.node.open = true;
    return `The build of version ${event.version} failed`;
  }

  live(event) {
    const label = el("span", {}, el("strong", {}, "Preview live"), ` with version ${event.version}`);
    const open = el("button", { type: "button", class: "link show-preview", onclick: () => this.actions.showPreview() }, "Show");
    this.actions.liveNow(this.row({ state: "live", label, note: open }));
    return `The preview is live with version ${event.version}`;
  }

  finish(event) {
    this.rest(event.at);
    const took = stage({ state: event.outcome === "completed" ? "done" : "failed", label: event.outcome === "completed" ? "Done" : "Stopped" });
    took.node.classList.add("turn-end");
    Object.assign(took.node.dataset, { testid: "turn-finished", outcome: event.outcome });
    took.start(this.began);
    took.stop(event.at);
    const { spent, rewrite } = event.edits;
    if (rewrite > spent) took.set({ note: `edits cost ${Math.floor((100 * (rewrite - spent)) / rewrite)} % less than rewriting the files` });
    if (event.outcome === "completed") {
      if (event.version === null && event.summary && !squash(this.spoken()).includes(squash(event.summary))) this.prose(event.summary);
      this.work.append(took.node);
      return "Done";
    }
    this.work.append(
      el("div", { class: "problem", role: "group" },
        el("div", { class: "problem-text" },
          el("p", { class: "problem-title" }, "This turn did not succeed"),
          event.summary && el("p", {}, event.summary),
          el("p", {}, "The last good preview stays live. Say what to change, or restore an earlier version."))),
      took.node);
    return `This turn did not succeed. ${event.summary ?? ""}`;
  }

  row(options) {
    const made = stage(options);
    this.work.append(made.node);
    if (this.thinking) this.work.append(this.thinking.node);
    return made;
  }

  prose(text) {
    const node = el("div", { class: "prose" });
    showProse(node, text);
    this.work.append(node);
    this.said.add(text);
  }

  spoken() {
    return [...this.steps.values()].map((step) => step.text).concat([...this.said]).join("\n");
  }
}

function squash(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** `Wrote 5 files, edited 2, read 1`. */
function describe(tools) {
  const counts = new Map();
  const files = new Set();
  for (const tool of tools) {
    counts.set(tool.did, (counts.get(tool.did) ?? 0) + 1);
    if (tool.path) files.add(tool.did);
  }
  let counted = false;
  const parts = [...counts].map(([did, count]) => {
    if (!files.has(did)) return did;
    const said = counted ? `${did} ${count}` : `${did} ${plural(count, "file")}`;
    counted = true;
    return said;
  });
  return parts.map((part, index) => (index === 0 ? part : part[0].toLowerCase() + part.slice(1))).join(", ");
}
