/** The list of apps, the way to a new one, and who is signed in. */

import { call } from "./api.js";
import { ago, el, icon, iconButton, problemView } from "./dom.js";

/**
 * `onSignOut()` is called after the session has ended, which `mayLeave()` can prevent. `close()` folds the drawer of a
 * small screen.
 */
export function sidebar({ workspace, mayLeave, onSignOut, close }) {
  const list = el("ul", { class: "apps", testid: "apps" });
  const state = el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Loading apps");
  const more = el("button", { type: "button", class: "button button-small apps-more", hidden: true, onclick: () => load(cursor) }, "Show more");
  let apps = [];
  let cursor = null;
  let current = null;

  const load = async (from = null) => {
    try {
      const page = await call("GET", from === null ? "/v1/apps?limit=50" : `/v1/apps?limit=50&cursor=${encodeURIComponent(from)}`);
      const known = new Set(page.apps.map((app) => app.id));
      apps = from === null ? page.apps : [...apps.filter((app) => !known.has(app.id)), ...page.apps];
      cursor = page.next_cursor ?? null;
      draw();
    } catch (problem) {
      state.hidden = false;
      state.replaceChildren(problemView(problem, { compact: true, action: () => load(from) }));
    }
  };

  const draw = () => {
    state.hidden = apps.length > 0;
    state.replaceChildren("No apps yet. Describe the first one.");
    more.hidden = cursor === null;
    list.replaceChildren(...apps.map((app) => el("li", {},
      el("a", { class: "app-link", href: `#/apps/${app.id}`, "aria-current": app.id === current ? "page" : null, onclick: close },
        el("span", { class: "app-dot", "data-status": app.status, title: app.status }),
        el("span", { class: "app-link-name" }, app.name),
        app.status === "working" || app.status === "creating" ? el("span", { class: "spinner", role: "img", "aria-label": "working" }) : ago(app.updated_at)))));
  };

  const signOut = async () => {
    if (!(await mayLeave())) return;
    await call("POST", "/v1/console-logout").catch(() => null);
    onSignOut();
  };

  load();
  return {
    node: el("nav", { class: "sidebar", "aria-label": "Apps" },
      el("div", { class: "sidebar-top" },
        el("a", { class: "brand", href: "#/", "aria-label": "OverSkill, new app", onclick: close }, icon("logo", "logo"), el("span", {}, "OverSkill")),
        iconButton("close", "Close the list of apps", close, { class: "icon-button drawer-only" })),
      el("a", { class: "button button-new", href: "#/", onclick: close, testid: "new-app" }, icon("plus"), "New app"),
      el("h2", { class: "sidebar-title" }, "Apps"),
      el("div", { class: "sidebar-scroll" }, list, state, more),
      el("div", { class: "sidebar-foot" },
        el("span", { class: "avatar", "aria-hidden": "true" }, workspace.slice(0, 1).toUpperCase()),
        el("span", { class: "workspace" }, workspace),
        iconButton("exit", "Sign out", signOut, { testid: "sign-out" }))),
    load: () => load(),
    /** Marks the open app. */
    mark(id) {
      current = id;
      draw();
    },
    /** Shows an app as it is now, at the top when it is new. */
    put(app) {
      const place = apps.findIndex((one) => one.id === app.id);
      if (place === -1) apps.unshift(app);
      else apps[place] = app;
      draw();
    },
    remove(id) {
      apps = apps.filter((app) => app.id !== id);
      draw();
    },
  };
}
