/**
 * The running app in a frame, at its own origin.
 *
 * The frame only ever shows another origin than the console's: with `allow-same-origin`, a page of the console's
 * own origin could reach out of its sandbox.
 */

import { el, icon, iconButton, problemView } from "./dom.js";
import { Problem } from "./api.js";

const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads allow-modals";

/** Wait before a reload, in milliseconds, so that previews going live in quick succession reload once. */
const SETTLE = 120;

/** `node` is the panel, `tools` its controls for the tab bar. */
export function preview() {
  let app = null;
  let shown = null;
  let frame = null;
  let timer = null;

  const screen = el("div", { class: "screen", "data-width": "desktop" });
  const note = el("div", { class: "screen-note", hidden: true });
  const open = el("a", { class: "icon-button", target: "_blank", rel: "noopener noreferrer", "aria-label": "Open the app in a new tab", title: "Open in a new tab" }, icon("open"));
  const address = el("span", { class: "address mono" });
  const widths = ["desktop", "phone"].map((width) => iconButton(width, `${width === "phone" ? "Phone" : "Desktop"} width`, () => setWidth(width), { "aria-pressed": String(width === "desktop"), "data-width": width }));
  const reloadButton = iconButton("reload", "Reload the preview", () => load());

  const setWidth = (width) => {
    screen.dataset.width = width;
    for (const button of widths) button.setAttribute("aria-pressed", String(button.dataset.width === width));
  };

  const load = () => {
    const url = safeUrl(app?.preview_url);
    if (url === null) {
      frame = null;
      screen.replaceChildren(problemView(new Problem({ title: "This preview address cannot be shown", detail: "It is not a web address apart from the console. Check APPS_DOMAIN in the configuration." })));
      return;
    }
    if (!frame) {
      frame = el("iframe", { class: "preview-frame", title: `Preview of ${app.name}`, sandbox: SANDBOX, referrerpolicy: "no-referrer", allow: "clipboard-write", testid: "preview" });
      frame.addEventListener("load", () => screen.classList.remove("loading"));
    }
    screen.classList.add("loading");
    frame.src = url;
    // In the page only with its address: an empty frame would count as one of the console's own origin.
    if (!frame.isConnected) screen.replaceChildren(frame);
  };

  const wait = () => {
    frame = null;
    screen.replaceChildren(el("div", { class: "empty" },
      el("div", { class: "sketch", "aria-hidden": "true" }, el("i"), el("i"), el("i"), el("i")),
      app.status === "failed"
        ? [el("h2", {}, "No preview yet"), el("p", {}, "The conversation says why; send a message to go on. The first build that succeeds is shown here.")]
        : [el("h2", {}, "Your app is on its way"), el("p", {}, "It appears here as soon as its first build is live.")]));
  };

  return {
    node: el("div", { class: "preview" }, screen, note),
    tools: el("div", { class: "work-tools" }, address, el("div", { class: "segments", role: "group", "aria-label": "Preview width" }, widths), reloadButton, open),
    /** Takes the app as it is now; loads the frame the first time there is something to show. */
    show(next) {
      app = next;
      const url = safeUrl(app.preview_url);
      if (url) open.href = url;
      address.textContent = url ? new URL(url).host : "";
      open.hidden = url === null || app.preview_version === null;
      reloadButton.disabled = app.preview_version === null;
      if (frame) frame.title = `Preview of ${app.name}`;
      if (app.preview_version === null) wait();
      else if (shown === null || app.preview_version > shown) {
        shown = app.preview_version;
        load();
      }
    },
    /** Shows the build that has just gone live. */
    reload(version) {
      shown = version;
      clearTimeout(timer);
      timer = setTimeout(load, SETTLE);
    },
    /** Says what stands between the frame and the newest version; `null` when nothing does. */
    say(text) {
      note.hidden = text === null;
      note.textContent = text ?? "";
    },
    close: () => clearTimeout(timer),
  };
}

function safeUrl(text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && url.origin !== location.origin ? url.href : null;
  } catch {
    return null;
  }
}
