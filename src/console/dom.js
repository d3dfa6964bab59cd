/**
 * Small pieces of page: elements, icons, times, dialogs, problems.
 *
 * Text only ever enters the document as text; nothing here, or in any view, parses markup out of data.
 */

import { now } from "./clock.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. In `props`, `on…` functions are listeners, `class` and `testid` are what they say, `true` and
 * strings become attributes, `false` and `null` are left out (but `aria-` and `data-` attributes spell a boolean out).
 * Children are nodes, text, or nothing.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    const spelled = /^(aria|data)-/.test(name);
    if (value === null || value === undefined || (value === false && !spelled)) continue;
    if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "testid") node.dataset.testid = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true && !spelled ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An icon of the sprite in index.html. Decoration: the control around it carries the name. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button that is only an icon, with its name for everyone who does not see it. */
export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

let announcing = 0;

/** Says a sentence to screen readers. */
export function announce(sentence) {
  const region = document.getElementById("announcer");
  region.textContent = sentence;
  const mine = ++announcing;
  setTimeout(() => {
    if (mine === announcing) region.textContent = "";
  }, 4000);
}

/** Milliseconds as a person says them: `0.4 s`, `12 s`, `2 min 5 s`. */
export function duration(millis) {
  const seconds = Math.max(0, millis) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Bytes as a person says them. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${round(bytes / 1024)} KiB`;
  return `${round(bytes / 1024 / 1024)} MiB`;
}

function round(value) {
  return Number(value.toFixed(1));
}

/** `count` with its noun. */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** A `<time>`: how long ago, with the full time on hover. */
export function ago(at) {
  const seconds = (at - now()) / 1000;
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, one]) => -seconds >= one) ?? ["second", 1];
  const text = unit === "second" ? "just now" : relative.format(Math.round(seconds / length), unit);
  const when = new Date(at);
  return el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, text);
}

const running = new Set();
let ticking = null;

function run(entry) {
  running.add(entry);
  ticking ??= setInterval(tick, 100);
  entry.draw();
}

function tick() {
  for (const entry of [...running]) entry.draw();
  if (running.size > 0) return;
  clearInterval(ticking);
  ticking = null;
}

/** A counter that runs until `stop(millis)`; `from` is milliseconds since the Unix epoch. */
export function stopwatch(from) {
  const node = el("span", { class: "elapsed" });
  const entry = { draw: () => { node.textContent = duration(now() - from); } };
  run(entry);
  return {
    node,
    stop(millis) {
      running.delete(entry);
      node.textContent = millis === null ? "" : duration(millis);
    },
  };
}

/** Whole seconds until `to`, in milliseconds since the Unix epoch; `over()` is called then, unless `stop()` was. */
export function countdown(to, over) {
  const node = el("span", { class: "elapsed" });
  const stop = () => running.delete(entry);
  const entry = {
    draw() {
      const left = Math.ceil((to - now()) / 1000);
      node.textContent = `${Math.max(left, 1)} s`;
      if (left > 0) return;
      stop();
      over();
    },
  };
  run(entry);
  return { node, stop };
}

/** What to do about a problem, when its own detail does not say. */
function remedy(problem) {
  if (problem.detail) return null;
  return {
    401: "Sign in again.",
    403: "This token may not do that. Sign in with another one.",
    404: "It may have been deleted. Go back to your apps.",
    409: "Something changed in the meantime. Reload and try again.",
    413: "Make it smaller and try again.",
    429: "Wait a moment, then try again.",
    501: "This installation does not offer it yet.",
  }[problem.status] ?? (problem.status >= 500 ? "Nothing was lost. Try again in a moment." : null);
}

/** A problem document for people: what happened, what to do, and a button for it. */
export function problemView(problem, { action = null, label = "Try again", compact = false } = {}) {
  const reference = problem.status ? `HTTP ${problem.status}` : null;
  const advice = remedy(problem);
  return el("div", { class: compact ? "problem problem-compact" : "problem", role: "alert", testid: "problem" },
    icon("warning", "icon problem-icon"),
    el("div", { class: "problem-text" },
      el("p", { class: "problem-title" }, problem.title ?? "Something went wrong", reference && el("span", { class: "problem-code" }, reference)),
      (problem.detail || (!problem.title && problem.message)) && el("p", {}, problem.detail || problem.message),
      advice && el("p", {}, advice),
      action && el("button", { type: "button", class: "button button-small", onclick: action }, label)));
}

/**
 * Asks in a modal dialog. `work` runs on confirmation while the dialog stays open, so that its failure is read
 * where it happened; resolves to what it returned, or `null` when the dialog was left.
 * `field` asks for a line of text: `{label, value, mustEqual?}`.
 */
export function ask({ title, text, confirm, danger = false, field = null, work }) {
  return new Promise((resolve) => {
    let result = null;
    const trouble = el("div");
    const input = field && el("input", { class: "input", name: "text", autocomplete: "off", spellcheck: "false", maxlength: "200", value: field.value ?? "" });
    const go = el("button", { type: "submit", class: danger ? "button button-danger" : "button button-primary", testid: "confirm" }, confirm);
    const check = () => {
      const given = input?.value.trim() ?? "";
      go.disabled = Boolean(field) && (field.mustEqual === undefined ? given === "" : given !== field.mustEqual.trim());
    };
    const submit = async (event) => {
      event.preventDefault();
      go.disabled = true;
      trouble.replaceChildren();
      try {
        result = await work(input?.value.trim());
        dialog.close();
      } catch (problem) {
        trouble.replaceChildren(problemView(problem, { compact: true }));
        check();
      }
    };
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "dialog-title", onclose: () => { dialog.remove(); resolve(result); } },
      el("form", { onsubmit: submit },
        el("h2", { id: "dialog-title" }, title),
        text && el("p", {}, text),
        field && el("label", { class: "field" }, el("span", { class: "field-label" }, field.label), input),
        trouble,
        el("div", { class: "dialog-actions" },
          el("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"), go)));
    input?.addEventListener("input", check);
    check();
    document.body.append(dialog);
    dialog.showModal();
    input?.select();
    if (!input) (danger ? dialog.querySelector("button[type=button]") : go).focus();
  });
}
