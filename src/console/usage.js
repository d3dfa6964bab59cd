/** What an app has used: tokens, what they cost as far as that is known, and the builder's time. */

import { appPath, call } from "./api.js";
import { cachedShare, shortened, tokens, total } from "./cost.js";
import { duration, el, plural, problemView } from "./dom.js";

/** Opens the account of an app. `prices` is what its feed says of the prices of models. */
export async function showUsage(appId, prices) {
  const body = el("div", { class: "usage", "aria-busy": true }, el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Adding up"));
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "usage-title", testid: "usage", onclose: () => dialog.remove() },
    el("form", { method: "dialog" },
      el("h2", { id: "usage-title" }, "Usage of this app"),
      body,
      el("div", { class: "dialog-actions" }, el("button", { type: "submit", class: "button" }, "Close"))));
  document.body.append(dialog);
  dialog.showModal();
  const load = async () => {
    try {
      body.replaceChildren(...account(await call("GET", appPath(appId, "/usage")), prices));
    } catch (problem) {
      body.replaceChildren(problemView(problem, { compact: true, action: load }));
    }
    body.setAttribute("aria-busy", "false");
  };
  await load();
}

function account({ billed, unbilled, builds, builder_ms: time }, prices) {
  const used = total(billed.tokens);
  const free = total(unbilled.tokens);
  const unknown = [...prices.unknown.billed, ...prices.unknown.free];
  const names = [...new Set(unknown)].join(", ");
  const facts = [
    ["Cost", used > 0 ? prices.cost(billed.micros, "billed") : "nothing", used > 0 && tokens(used)],
    used > 0 && ["Tokens", parts(billed.tokens)],
    free > 0 && ["Free", tokens(free), "repairs, and answers that came to nothing; not counted above"],
    ["Builds", builds === 0 ? "none" : plural(builds, "build"), builds > 0 && `${duration(time)} of the builder's time`],
  ];
  return [
    el("dl", { class: "facts" }, facts.filter(Boolean).map(([name, value, note]) => [
      el("dt", {}, name), el("dd", {}, el("span", {}, value), note && el("span", { class: "quiet" }, note))]).flat()),
    used + free === 0
      ? el("p", { class: "help" }, "No model's tokens were used so far.")
      : el("p", { class: "help" }, names
        ? `The price of ${names} is not known here, so what it took has no cost above.`
        : "Reckoned with the prices that this installation has; what the provider bills is what counts."),
  ];
}

/** What the tokens are made of. */
function parts(usage) {
  const cached = cachedShare(usage);
  const rows = [
    ["read", usage.input, ""],
    ["read from the cache", usage.cache_read, cached > 0 ? `, ${cached}\u00a0%` : ""],
    ["read and put into the cache", usage.cache_write, ""],
    ["written", usage.output, ""],
  ];
  return el("ul", {}, rows.filter(([, count]) => count > 0).map(([name, count, note]) => el("li", {}, `${shortened(count)} ${name}${note}`)));
}
