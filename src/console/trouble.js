/**
 * Attempts at one call of a model that came to nothing: one quiet line, which says what happens next while nothing has come
 * of it yet, and a note of who answered afterwards. All of them, in full, are behind it.
 */

import { countdown, el } from "./dom.js";
import { stage } from "./stage.js";

/** What the feed says of an attempt that somebody ended together with its turn: its end tells enough. */
const STOPPED = "the turn was stopped";
/** The reasons begin with a verb that goes with the model's name, or, as this one, with a subject of their own. */
const INTERRUPTED = "it was interrupted";

/** Whether an `attempt_voided` is worth a line. */
export function isTrouble(event) {
  return event.reason !== STOPPED;
}

export function trouble() {
  const row = stage({ state: "waiting", label: "", folds: true });
  row.node.dataset.testid = "trouble";
  const list = el("ul", { class: "tools" });
  row.body.append(list);
  let wait = null;
  let last = null;
  let attempts = 0;

  const settle = (state, note) => {
    wait?.stop();
    wait = null;
    row.set({ state, label: past(brief(last)), note });
  };

  return {
    node: row.node,
    /** An attempt more; the sentence that says it aloud. */
    add(event) {
      wait?.stop();
      last = event;
      attempts = event.attempt;
      list.append(el("li", { class: "tool" }, full(event)));
      if (event.retry_at) {
        let isDue = false;
        wait = countdown(event.retry_at, () => {
          isDue = true;
          row.set({ state: "running", label: brief(event), note: "trying again" });
        });
        if (!isDue) row.set({ state: "waiting", label: brief(event), note: el("span", {}, "trying again in ", wait.node) });
        return `${brief(event)}. Trying again.`;
      }
      const next = event.reason === INTERRUPTED ? "trying again" : "asking another model";
      row.set({ state: "running", label: brief(event), note: next });
      return `${brief(event)}, ${next}.`;
    },
    /** Something comes of the next attempt. */
    goOn() {
      settle("note", last.retry_at || last.reason === INTERRUPTED ? "asked again" : "another model was asked");
    },
    /** Who has answered in the end; whether this says so. */
    answer(model) {
      const isOther = model !== last.model;
      settle("note", isOther ? `${model} answered instead` : `answered at attempt ${attempts + 1}`);
      return isOther;
    },
    /** Nobody is asked any more. */
    end: () => settle("warning", ""),
  };
}

/** Without the provider's own words. */
function brief({ model, reason }) {
  if (reason === INTERRUPTED) return `The answer of ${model} was interrupted`;
  return `${model} ${reason.split(": ", 1)[0]}`;
}

function full({ attempt, model, reason }) {
  return `Attempt ${attempt}: ${model} ${reason === INTERRUPTED ? "was interrupted" : reason}`;
}

/** What was so then may not be so now. */
function past(sentence) {
  return sentence.replace(/ (is|has|does) /, (_, verb) => ({ is: " was ", has: " had ", does: " did " })[verb]);
}
