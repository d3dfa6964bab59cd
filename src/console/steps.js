/** The steps of a turn: what the model says, the tools that it calls, and the attempts at a call that came to nothing. */

import { Prices } from "./cost.js";
import { el, plural, size } from "./dom.js";
import { showProse } from "./prose.js";
import { stage } from "./stage.js";
import { isTrouble, trouble } from "./trouble.js";

const VERBS = {
  write_file: ["Writing", "Wrote"],
  line_replace: ["Editing", "Edited"],
  edit_lines: ["Editing", "Edited"],
  str_replace: ["Editing", "Edited"],
  apply_patch: ["Editing files", "Edited files"],
  view_file: ["Reading", "Read"],
  delete_file: ["Deleting", "Deleted"],
  rename_file: ["Moving", "Moved"],
  search_files: ["Searching", "Searched"],
  add_dependency: ["Adding a package", "Added a package"],
  remove_dependency: ["Removing a package", "Removed a package"],
  define_tables: ["Defining tables", "Defined tables"],
  scaffold_resource: ["Making pages for a table", "Made pages for a table"],
  rename_app: ["Renaming the app", "Renamed the app"],
  ask_user: ["Asking you", "Asked you"],
};

export class Steps {
  /** `work` is the turn's `WorkLog`; `actions` as of `Turn`. */
  constructor(work, actions) {
    this.work = work;
    this.actions = actions;
    this.all = new Map();
    this.current = null;
    this.prices = new Prices();
    /** Of whom it was last said that they answer; at first the app's own model, of whom nothing needs to be said. */
    this.answering = null;
  }

  start(event) {
    this.rest(event.at);
    const step = {
      text: "", tools: new Map(), drafts: new Map(), trouble: null, failing: false,
      prose: el("div", { class: "prose" }), row: null, list: null,
    };
    step.node = el("div", { class: "step" }, step.prose);
    this.all.set(event.step, step);
    this.current = step;
    this.work.add(step.node);
    this.work.think(event.at);
    return null;
  }

  step(event) {
    if (!this.all.has(event.step)) this.start(event);
    return this.all.get(event.step);
  }

  text(event) {
    const step = this.hear(event);
    step.text = event.whole ? event.text : step.text + event.text;
    step.drawing ??= requestAnimationFrame(() => {
      step.drawing = null;
      showProse(step.prose, step.text);
      this.actions.grown();
    });
    return null;
  }

  /** Something has come of the call of this step. */
  hear(event) {
    const step = this.step(event);
    this.work.stopThinking(event.at);
    if (step.failing) step.trouble.goOn();
    step.failing = false;
    return step;
  }

  /** The row of a step's tools. */
  tools(step, at) {
    if (step.row) return;
    step.row = stage({ state: "running", label: "Working", folds: true });
    step.row.node.open = true;
    step.row.start(at);
    step.list = el("ul", { class: "tools" });
    step.row.body.append(step.list);
    step.node.append(step.row.node);
  }

  /** A tool call that is being written, until the call itself takes its place. */
  draft(event) {
    const step = this.hear(event);
    this.tools(step, event.at);
    const [doing] = VERBS[event.name] ?? [event.name];
    let draft = step.drafts.get(event.index);
    if (!draft) {
      draft = { path: el("span", { class: "mono tool-path" }), size: el("span", { class: "tool-size" }) };
      draft.node = el("li", { class: "tool", "data-state": "running", testid: "draft" }, el("span", { class: "tool-verb" }, doing), draft.path, draft.size);
      step.drafts.set(event.index, draft);
      step.list.append(draft.node);
    }
    if (event.path) draft.path.textContent = event.path;
    draft.size.textContent = `· ${size(event.bytes)}`;
    step.row.set({ state: "running", label: event.path ? `${doing} ${event.path.split("/").at(-1)}` : doing });
    return null;
  }

  callTool(event) {
    const step = this.hear(event);
    this.tools(step, event.at);
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
    // Calls come in the order in which they were written.
    const draft = step.drafts.get(step.tools.size);
    if (draft) draft.node.replaceWith(tool.node);
    else step.list.append(tool.node);
    step.tools.set(event.call, tool);
    step.row.set({ state: "running", label: event.path ? `${doing} ${event.path.split("/").at(-1)}` : doing });
    return null;
  }

  /** An attempt has come to nothing: what was shown of it does not count. */
  fail(event) {
    const step = this.step(event);
    this.work.stopThinking(event.at);
    this.forget(step);
    if (!isTrouble(event)) return null;
    if (!step.trouble) {
      step.trouble = trouble();
      step.node.prepend(step.trouble.node);
    }
    step.failing = true;
    return step.trouble.add(event);
  }

  /** Takes away what no answer stands behind. */
  forget(step) {
    step.text = "";
    step.prose.replaceChildren();
    this.dropDrafts(step);
  }

  dropDrafts(step) {
    for (const draft of step.drafts.values()) draft.node.remove();
    step.drafts.clear();
    if (!step.row || step.tools.size > 0) return;
    step.row.stop(0);
    step.row.node.remove();
    step.row = null;
  }

  /** The model has answered. Who it was is said when it is not whom one expects. */
  finish(event) {
    const step = this.step(event);
    this.dropDrafts(step);
    this.prices.take(event);
    const own = this.actions.model();
    const before = this.answering ?? own;
    this.answering = event.model;
    const isSaid = step.trouble?.answer(event.model) ?? false;
    step.failing = false;
    if (own !== null && event.model !== before && !isSaid) this.remark(step, `Answered by ${event.model}`);
    if (event.stop === "max_tokens") this.remark(step, "The answer was cut off: it was longer than one answer may be");
    return null;
  }

  remark(step, text) {
    step.node.append(el("p", { class: "remark" }, text));
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
    this.work.stopThinking(at);
    const step = this.current;
    if (!step) return;
    this.dropDrafts(step);
    if (step.failing) step.trouble.end();
    step.failing = false;
    if (!step.row) return;
    const all = [...step.tools.values()];
    step.row.set({ state: all.some((one) => one.ok === false) ? "warning" : "done", label: describe(all) });
    step.row.stop(at);
    if (step.tools.size > 3) step.row.node.open = false;
  }

  /** Says of the call of this tool, if there was one, what came of it. */
  tell(name, sentence) {
    const tool = [...this.all.values()].flatMap((step) => [...step.tools.values()]).find((one) => one.name === name);
    if (!tool) return false;
    tool.did = sentence;
    tool.verb.textContent = sentence;
    return true;
  }

  /** Takes away the call of this tool, which is shown in a way of its own. */
  hide(name) {
    for (const step of this.all.values()) {
      for (const [call, tool] of step.tools) {
        if (tool.name !== name) continue;
        tool.node.remove();
        step.tools.delete(call);
        if (step.tools.size > 0) step.row.set({ label: describe([...step.tools.values()]) });
      }
      this.dropDrafts(step);
    }
  }

  /** All that was said. */
  spoken() {
    return [...this.all.values()].map((step) => step.text);
  }
}

/** `Wrote 5 files, edited 2, 1 call failed`. */
function describe(tools) {
  const counts = new Map();
  const files = new Set();
  const failed = tools.filter((tool) => tool.ok === false).length;
  for (const tool of tools) {
    if (tool.ok === false) continue;
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
  if (failed > 0) parts.push(`${plural(failed, "call")} failed`);
  return parts.map((part, index) => (index === 0 ? part : part[0].toLowerCase() + part.slice(1))).join(", ");
}
