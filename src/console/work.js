/** What a turn has done, row by row; while a model is silent, the last row says that it thinks. */

import { el } from "./dom.js";
import { showProse } from "./prose.js";
import { stage } from "./stage.js";

export class WorkLog {
  constructor() {
    this.node = el("div", { class: "work-log" });
    this.thinking = null;
  }

  /** Puts a node below everything that is there. */
  add(node) {
    if (this.thinking) this.thinking.node.before(node);
    else this.node.append(node);
  }

  /** A new row, as `stage` makes it. */
  row(options) {
    const made = stage(options);
    this.add(made.node);
    return made;
  }

  /** What was said, as a node of its own. */
  prose(text) {
    const node = el("div", { class: "prose" });
    showProse(node, text);
    this.add(node);
    return node;
  }

  think(at) {
    this.thinking?.node.remove();
    this.thinking = null;
    const row = this.row({ state: "running", label: "Thinking" });
    row.start(at);
    this.thinking = row;
  }

  stopThinking(at) {
    if (!this.thinking) return;
    this.thinking.stop(at);
    this.thinking.node.remove();
    this.thinking = null;
  }
}
