/** How large the script of a build is, what in it weighs most, and what found no room in it. */

import { el, plural } from "./dom.js";

const BANDS = { healthy: "Healthy", warning: "Large", critical: "Very large" };
/** The most packages and files that are shown, of each list. */
const MOST = 8;

/** Bytes as the budget is told: a KB has 1,024. */
const kb = (bytes) => `${Math.ceil(bytes / 1024).toLocaleString("en")} KB`;

const row = (name, bytes, note) => el("li", {}, el("code", {}, name), note && el("span", { class: "weight-note" }, note), el("span", { class: "weight-bytes" }, kb(bytes)));

const list = (title, rows, all) => rows.length > 0 && [
  el("p", { class: "weight-title" }, title),
  el("ol", {}, ...rows.slice(0, MOST)),
  all > MOST && el("p", { class: "help" }, `and ${all - Math.min(rows.length, MOST)} more`),
];

/** A build that was published, as `GET …/builds/{build}` tells it. */
export function weightView({ sizes, report }) {
  const weights = report?.weights ?? [];
  const needed = weights.filter((one) => one.page_bytes + one.function_bytes > 0);
  const outside = (place) => sizes.assets.filter((one) => one.place === place);
  const without = outside("without_room");
  const note = (one) => one.page_bytes === 0 ? "in functions" : one.kind === "file" ? "your own file" : "package";
  return el("details", { class: "weight", "data-band": sizes.band },
    el("summary", {},
      el("span", {}, `Script ${kb(sizes.script_bytes)} of ${kb(sizes.budget)}`),
      el("span", { class: "tag", "data-band": sizes.band }, BANDS[sizes.band]),
      sizes.without_room.files > 0 && el("span", { class: "tag", "data-band": "critical" }, `${plural(sizes.without_room.files, "file")} without room`)),
    el("meter", { min: "0", max: sizes.budget, value: sizes.script_bytes, "aria-label": "How much of the budget the script takes" }),
    list("Without room in it, though the page needs it at once", without.map((one) => row(one.path, one.gzip_bytes ?? one.bytes, one.gzip_bytes ? "in gzip" : "")), sizes.without_room.files),
    list("What weighs most, before compression", needed.map((one) => row(one.name, one.page_bytes + one.function_bytes, note(one))), needed.length),
    list("Outside, loaded later", outside("late").map((one) => row(one.path, one.bytes)), sizes.external.files - sizes.without_room.files - outside("shared").length));
}
