/** A question of the model's, with a button for each answer that it expects. The next message is the answer, whatever it says. */

import { newKey } from "./api.js";
import { el, icon, problemView } from "./dom.js";
import { showProse } from "./prose.js";

/** `answer(text, key)` sends an answer. */
export function question({ question: words, options, answer }) {
  const text = el("div", { class: "prose question-text" });
  showProse(text, words);
  const trouble = el("div");
  const hint = el("p", { class: "question-hint" }, options.length > 0 ? "Choose one, or write another answer below." : "Write your answer below.");
  const key = newKey();
  let settled = false;

  const buttons = options.map((option) => el("button", { type: "button", class: "option", testid: "option", onclick: (event) => choose(option, event.currentTarget) },
    el("span", {}, option), el("span", { class: "option-mark" })));

  const enable = (on) => {
    for (const button of buttons) button.disabled = !on;
  };

  const choose = async (option, button) => {
    enable(false);
    trouble.replaceChildren();
    button.dataset.state = "sending";
    button.lastChild.replaceChildren(el("span", { class: "spinner" }));
    try {
      await answer(option, `${key}-${options.indexOf(option)}`);
    } catch (problem) {
      delete button.dataset.state;
      button.lastChild.replaceChildren();
      if (settled) return;
      trouble.replaceChildren(problemView(problem, { compact: true }));
      enable(true);
    }
  };

  return {
    node: el("section", { class: "question", role: "group", "aria-label": "Question", testid: "question" }, text,
      options.length > 0 && el("div", { class: "options" }, buttons), trouble, hint),
    /** Takes the message that was the answer. */
    settle(said) {
      settled = true;
      enable(false);
      hint.hidden = true;
      trouble.replaceChildren();
      for (const [index, button] of buttons.entries()) {
        const chosen = options[index] === said;
        button.dataset.state = chosen ? "chosen" : "left";
        button.lastChild.replaceChildren(...(chosen ? [icon("check"), el("span", { class: "visually-hidden" }, ", your answer")] : []));
      }
    },
  };
}
