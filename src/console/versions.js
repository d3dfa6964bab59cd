/** The history of one app, newest first, and the way back to any of it. */

import { appPath, call, listAll, newKey } from "./api.js";
import { ago, announce, ask, el, plural, problemView } from "./dom.js";

const AUTHORS = { foundation: "Foundation", model: "Model", user: "You", restore: "Restore", system: "Build" };

/** `getApp()` is the app as it is now; the list is read when `refresh()` is called. */
export function versions({ appId, getApp }) {
  const list = el("ol", { class: "versions", testid: "versions", "aria-label": "Versions, newest first" });
  const state = el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Loading versions");
  const node = el("div", { class: "panel-scroll" }, state, list);
  let asked = 0;

  const refresh = async () => {
    const mine = ++asked;
    try {
      const { items } = await listAll(appPath(appId, "/versions"), "versions");
      if (mine !== asked) return;
      state.replaceChildren(...(items.length ? [] : ["No versions yet. The first one is made with the app."]));
      state.hidden = items.length > 0;
      list.replaceChildren(...items.map(item));
    } catch (problem) {
      if (mine !== asked || list.childElementCount > 0) return;
      state.hidden = false;
      state.replaceChildren(problemView(problem, { action: refresh }));
    }
  };

  const restore = (version) => {
    const key = newKey();
    return ask({
      title: `Restore version ${version.number}?`,
      text: `A new version is made with the ${plural(version.files, "file")} of version ${version.number} and built. Nothing is lost: the versions after it stay in the list.`,
      confirm: "Restore",
      async work() {
        const made = await call("POST", appPath(appId, `/versions/${version.number}/restore`), { key });
        announce(`Version ${version.number} is restored as version ${made.version.number}`);
        refresh();
        return made;
      },
    });
  };

  const item = (version) => {
    const app = getApp();
    const live = version.number === app.preview_version;
    const newest = version.number === app.version;
    return el("li", { class: "version", "data-live": live, "aria-current": live },
      el("span", { class: "version-number" }, version.number),
      el("div", { class: "version-text" },
        el("p", { class: "version-summary" }, version.summary || `Version ${version.number}`),
        el("p", { class: "version-facts" },
          el("span", { class: "tag", "data-author": version.author }, AUTHORS[version.author] ?? version.author),
          ago(version.created_at), el("span", {}, plural(version.files, "file")))),
      el("div", { class: "version-side" },
        live && el("span", { class: "live-tag" }, el("span", { class: "beacon" }), "Live"),
        newest && !live && el("span", { class: "tag" }, "Newest"),
        !newest && el("button", { type: "button", class: "button button-small", "aria-label": `Restore version ${version.number}`, testid: `restore-${version.number}`, onclick: () => restore(version) }, "Restore")));
  };

  return { node, refresh };
}
