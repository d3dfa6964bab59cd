/** The builds of a turn, a row each: how far it is, and then its picture, its diagnostics and the end of its log. */

import { el, plural } from "./dom.js";
import { diagnosticView } from "./stage.js";

/** Log lines kept on the page for one build; the whole log is at the API. */
const LOG_LINES = 300;

export class Builds {
  /** `work` is the turn's `WorkLog`; `actions` as of `Turn`. */
  constructor(work, actions) {
    this.work = work;
    this.actions = actions;
    this.all = new Map();
  }

  build(event) {
    let build = this.all.get(event.build);
    if (!build) {
      const row = this.work.row({ state: "waiting", label: "", folds: true });
      row.node.classList.add("build");
      const diagnostics = el("div", { class: "diagnostics" });
      const log = el("pre", { class: "log", tabindex: "0", "aria-label": "Build log" });
      const picture = el("figure", { class: "screenshot" });
      row.body.append(picture, diagnostics, log);
      build = { row, version: event.version, purpose: "", lines: [], picture, diagnostics, log };
      this.all.set(event.build, build);
      row.start(event.at);
    }
    if (event.version) build.version = event.version;
    if (event.mode === "production") build.purpose = " for production";
    return build;
  }

  queue(event) {
    const { row, purpose } = this.build(event);
    row.set({ state: "waiting", label: `Queued the build of version ${event.version}${purpose}` });
    return null;
  }

  start(event) {
    const again = event.attempt > 1 ? `, attempt ${event.attempt}` : "";
    const { row, purpose } = this.build(event);
    row.set({ state: "running", label: `Building version ${event.version}${purpose}${again}`, note: "" });
    return `Building version ${event.version}${purpose}`;
  }

  log(event) {
    const build = this.build(event);
    build.lines.push(event.line);
    if (build.lines.length > LOG_LINES) build.lines.shift();
    build.drawing ??= requestAnimationFrame(() => {
      build.drawing = null;
      build.log.textContent = build.lines.join("\n");
      build.log.scrollTop = build.log.scrollHeight;
    });
    return null;
  }

  retry(event) {
    const build = this.build(event);
    build.row.set({ state: "warning", note: event.reason, label: `Building version ${build.version ?? ""} again, attempt ${event.attempt}` });
    return `The build is tried again: ${event.reason}`;
  }

  finish(event) {
    const { row, picture, diagnostics, purpose } = this.build(event);
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
      row.set({ state: "done", label: `Built version ${event.version}${purpose}`, note: notes.filter(Boolean).join(", ") });
      return `Version ${event.version} is built${purpose}`;
    }
    if (event.status === "superseded") {
      row.set({ state: "done", label: `Skipped the build of version ${event.version}${purpose}`, note: "a newer version took its place" });
      return null;
    }
    row.set({ state: "failed", label: `The build of version ${event.version}${purpose} failed`, note: plural(found.length - warnings, "error") });
    row.node.open = true;
    return `The build of version ${event.version}${purpose} failed`;
  }
}
