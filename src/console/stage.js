/**
 * The rows a turn is told in: one line each, with a mark for its state, a label and the time it took.
 */

import { el, icon, stopwatch } from "./dom.js";

const MARKS = {
  running: () => el("span", { class: "spinner" }),
  waiting: () => icon("clock"),
  done: () => icon("check"),
  failed: () => icon("cross"),
  warning: () => icon("warning"),
  live: () => el("span", { class: "beacon" }),
  stopped: () => icon("stop"),
  note: () => icon("reload"),
};

const SPOKEN = { running: "running", waiting: "waiting", done: "done", failed: "failed", warning: "warning", live: "live", stopped: "stopped", note: "note" };

/**
 * One row. With `folds`, it opens onto `body`. `set({state, label, note})` changes what is given;
 * `start(at)` and `stop(at)` run its clock (milliseconds since the Unix epoch).
 */
export function stage({ state, label, note = "", folds = false }) {
  const mark = el("span", { class: "stage-mark" });
  const name = el("span", { class: "stage-label" });
  const extra = el("span", { class: "stage-note" });
  const time = el("span", { class: "stage-time" });
  const line = [mark, el("span", { class: "stage-text" }, name, " ", extra), time];
  const body = folds ? el("div", { class: "stage-body" }) : null;
  const node = folds
    ? el("details", { class: "stage" }, el("summary", { class: "stage-line" }, line, icon("chevron", "icon stage-fold")), body)
    : el("div", { class: "stage" }, el("div", { class: "stage-line" }, line));
  let watch = null;
  let since = null;

  const set = (next) => {
    if (next.state !== undefined) {
      node.dataset.state = next.state;
      mark.replaceChildren(MARKS[next.state](), el("span", { class: "visually-hidden" }, `${SPOKEN[next.state]}: `));
    }
    if (next.label !== undefined) name.replaceChildren(next.label);
    if (next.note !== undefined) extra.replaceChildren(next.note);
  };
  set({ state, label, note });

  return {
    node, body, set,
    start(at) {
      watch?.stop(null);
      since = at;
      watch = stopwatch(at);
      time.replaceChildren(watch.node);
    },
    stop(at, millis = null) {
      watch?.stop(millis ?? at - since);
      watch = null;
    },
  };
}

/** A diagnostic of a build: where, what, the code around it. `openFile(path, line)` follows its place. */
export function diagnosticView(diagnostic, openFile) {
  const { path, line, column, message, frame, suggestion, code, severity } = diagnostic;
  const place = path && [path, line, line && column].filter(Boolean).join(":");
  return el("div", { class: "diagnostic", "data-severity": severity },
    el("div", { class: "diagnostic-head" },
      el("span", { class: "tag" }, severity === "warning" ? "warning" : "error"),
      place && el("button", { type: "button", class: "link mono", onclick: () => openFile(path, line ?? 1) }, place),
      code && el("span", { class: "mono quiet" }, code)),
    el("p", { class: "diagnostic-message" }, message),
    frame && el("pre", { class: "frame", tabindex: "0", "aria-label": "Code around the place" }, frame),
    suggestion && el("p", { class: "diagnostic-suggestion" }, `Try: ${suggestion}`));
}
