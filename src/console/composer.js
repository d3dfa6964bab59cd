/**
 * The prompt box: Enter sends, Shift+Enter breaks the line, the limit is counted in bytes as the API counts it.
 * A keyboard on glass has no Shift+Enter: there Enter breaks the line and the button sends.
 *
 * What was typed is never lost: it is kept until the API has accepted it, and a second try of the same text carries
 * the same Idempotency-Key.
 */

import { newKey } from "./api.js";
import { el, icon, problemView, size } from "./dom.js";

/** Bytes of UTF-8 that a prompt may have. */
const LIMIT = 64 * 1024;

const encoder = new TextEncoder();

/**
 * `submit(text, key)` sends; the box is emptied once it resolves. `draft` names the text kept over a reload. `before` and `after` are
 * what stands at the left, and beside the button; `intent()` is what else belongs to a message: changed, it makes it another one.
 */
export function composer({ label, placeholder, draft, submit, button = "Send", before = null, after = null, intent = () => "" }) {
  const stored = `overskill draft ${draft}`;
  let key = null;
  let keyOf = null;
  let busy = false;

  const box = el("textarea", {
    class: "composer-box", rows: "1", placeholder, "aria-label": label, testid: "prompt", spellcheck: "true",
    "aria-describedby": "composer-hint", value: read(stored),
  });
  const counter = el("span", { class: "composer-count", role: "status" });
  const hint = el("span", { class: "composer-hint", id: "composer-hint" }, el("kbd", {}, "Enter"), " sends, ", el("kbd", {}, "Shift"), " ", el("kbd", {}, "Enter"), " for a new line");
  const go = el("button", { type: "submit", class: "send", "aria-label": button, title: button, testid: "send" }, icon("send"));
  const trouble = el("div", { class: "composer-trouble" });

  const refresh = () => {
    const bytes = box.value.length * 3 < LIMIT * 0.8 ? 0 : encoder.encode(box.value).length;
    const near = bytes > LIMIT * 0.8;
    counter.hidden = !near;
    hint.hidden = near;
    counter.classList.toggle("over", bytes > LIMIT);
    if (near) counter.textContent = bytes > LIMIT ? `${size(bytes - LIMIT)} over the limit of ${size(LIMIT)}` : `${size(bytes)} of ${size(LIMIT)}`;
    go.disabled = busy || bytes > LIMIT || box.value.trim() === "";
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  };

  const sendNow = async () => {
    refresh();
    if (go.disabled) return;
    const text = box.value;
    const whole = `${intent()} ${text}`;
    if (keyOf !== whole) [key, keyOf] = [newKey(), whole];
    busy = true;
    go.classList.add("busy");
    refresh();
    trouble.replaceChildren();
    try {
      await submit(text, key);
      keyOf = null;
      if (box.value === text) box.value = "";
    } catch (problem) {
      trouble.replaceChildren(problemView(problem, { compact: true, action: sendNow }));
    }
    busy = false;
    go.classList.remove("busy");
    keep();
    refresh();
  };

  const keep = () => {
    try {
      if (box.value) sessionStorage.setItem(stored, box.value);
      else sessionStorage.removeItem(stored);
    } catch {
      // Without storage a reload forgets the draft, nothing more.
    }
  };

  box.addEventListener("input", () => {
    keep();
    refresh();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    sendNow();
  });
  const node = el("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); sendNow(); } },
    trouble,
    el("div", { class: "composer-frame" }, box, el("div", { class: "composer-foot" }, before, hint, counter, after, go)));
  queueMicrotask(refresh);
  return {
    node,
    focus: () => box.focus({ preventScroll: true }),
    isEmpty: () => box.value.trim() === "",
    /** Asks for something else. */
    ask(words) {
      box.placeholder = words;
    },
    /** Shows a problem that has to do with the conversation and not with what is in the box, until the function it returns is called. */
    complain(problem, action) {
      const view = problemView(problem, { compact: true, action });
      trouble.replaceChildren(view);
      return () => view.remove();
    },
    fill(text) {
      box.value = text;
      keep();
      refresh();
      box.focus();
    },
  };
}

function read(name) {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
