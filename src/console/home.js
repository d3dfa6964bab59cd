/** The start of a new app: one prompt, and three examples of what to say. */

import { call } from "./api.js";
import { el, icon, iconButton } from "./dom.js";
import { composer } from "./composer.js";

const EXAMPLES = [
  ["Recipe box", "A recipe box where people save recipes with a title, ingredients and cooking minutes"],
  ["Reading list", "A reading list of books with a title, an author, a rating from 1 to 5 and the date finished"],
  ["Project tracker", "A tracker with projects and tasks. A project has a name and a deadline. A task belongs to a project and has a title, notes and whether it is done"],
];

/** `onCreated(app)` is told of the new app; `openMenu()` unfolds the list of apps on a small screen. */
export function home({ onCreated, openMenu }) {
  const box = composer({
    label: "What should the app do?", placeholder: "An app where…", draft: "new app", button: "Create the app",
    async submit(prompt, key) {
      const made = await call("POST", "/v1/apps", { json: { prompt }, key });
      onCreated(made.app);
    },
  });
  return {
    title: "New app",
    node: el("main", { class: "stage-area home", id: "main", tabindex: "-1" },
      el("div", { class: "home-bar" }, iconButton("menu", "Show the list of apps", openMenu, { class: "icon-button drawer-only" })),
      el("div", { class: "hero" },
        icon("logo", "logo logo-large"),
        el("h1", {}, "What would you like to build?"),
        el("p", { class: "hero-text" }, "Describe it in a sentence. Moments later it runs at its own address."),
        box.node,
        el("div", { class: "chips", role: "group", "aria-label": "Examples" }, EXAMPLES.map(([name, prompt]) =>
          el("button", { type: "button", class: "chip", title: prompt, testid: "example", onclick: () => box.fill(prompt) }, el("strong", {}, name), el("span", {}, prompt)))))),
    focus: box.focus,
    close() {},
  };
}
