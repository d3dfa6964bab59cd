/** The steps of a turn: what the model says, and the tools that it calls. */

import { el, plural } from "./dom.js";
import { showProse } from "./prose.js";
import { stage } from "./stage.js";

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

export class Steps {
  /** `work` is the turn's `WorkLog`; `actions` as of `Turn`. */
  constructor(work, actions) {
    this.work = work;
    this.actions = actions;
    this.all = new Map();
    this.current = null;
  }

  start(event) {
    this.rest(event.at);
    const known = this.all.get(event.step);
    if (known) {
      // A step resumed after a crash streams again from its beginning.
      known.text = "";
      this.current = known;
      return null;
    }
    const step = { text: "", tools: new Map(), prose: el("div", { class: "prose" }), row: null, list: null };
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
    const step = this.step(event);
    this.work.stopThinking(event.at);
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
    this.work.stopThinking(event.at);
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
    this.work.stopThinking(at);
    const step = this.current;
    if (!step?.row) return;
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

  /** All that was said. */
  spoken() {
    return [...this.all.values()].map((step) => step.text);
  }
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
