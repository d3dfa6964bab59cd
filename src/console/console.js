/**
 * The console: who is signed in, which page the address names, and the shell around it.
 *
 * `#/` is a new app, `#/apps/<id>[/versions|/publish|/files[/<path>]]` one app, `#token=osk_…` a login that leaves no trace in
 * the address. Pages are built and thrown away whole; only the list of apps outlives them.
 */

import { call, whenSignedOut } from "/console/api.js";
import { announce, el, problemView } from "/console/dom.js";
import { home } from "/console/home.js";
import { login, signIn } from "/console/sign-in.js";
import { sidebar } from "/console/sidebar.js";
import { workbench } from "/console/workbench.js";

const root = document.getElementById("root");

let shell = null;
let page = null;
let route = null;
/** Unsaved changes of the app whose page a lost session took away. */
let kept = null;
/** Whether someone is being asked whether to leave. */
let asking = false;

/** What the address names. */
function parse(hash) {
  const [, appId, tab, path] = /^#\/apps\/([a-z][a-z0-9]{7,15})(?:\/(versions|files|publish)(?:\/(.+))?)?$/.exec(hash) ?? [];
  if (!appId) return { appId: null };
  let file = null;
  try {
    file = path ? path.split("/").map(decodeURIComponent).join("/") : null;
  } catch {
    // A broken escape names no file.
  }
  return { appId, tab, file };
}

/** Takes a token out of the address, so that it is in no history and no bookmark. */
function takeToken() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1].trim();
}

function leave() {
  page?.close?.();
  page = null;
  route = null;
}

function showGate(reason = null) {
  leave();
  shell = null;
  document.title = "Sign in · OverSkill";
  const gate = signIn({ reason, onSession: showShell });
  root.replaceChildren(gate.node);
  gate.focus();
}

function showShell({ workspace }) {
  const side = sidebar({ workspace, mayLeave, onSignOut: () => showGate("You are signed out."), close: () => drawer(false) });
  const slot = el("div", { class: "slot" });
  const veil = el("div", { class: "veil", onclick: () => drawer(false) });
  const frame = el("div", { class: "shell" }, side.node, veil, slot);
  const drawer = (open) => {
    if (open === frame.classList.contains("drawer-open")) return;
    frame.classList.toggle("drawer-open", open);
    slot.inert = open;
    (open ? side.node.querySelector("a, button") : slot.querySelector(".drawer-only"))?.focus();
  };
  shell = { side, slot, drawer };
  root.replaceChildren(frame);
  go();
}

async function mayLeave() {
  return (await page?.mayLeave?.()) ?? true;
}

/** Follows the address, but for unsaved changes that are to stay: then back to `from`. */
async function follow(from) {
  if (asking || !shell) return;
  if (page?.unsaved?.() && parse(location.hash).appId !== route.appId) {
    asking = true;
    const leaves = await mayLeave();
    asking = false;
    if (!leaves) {
      history.pushState(null, "", from);
      return;
    }
  }
  go();
}

function go() {
  if (!shell) return;
  const next = parse(location.hash);
  if (route && route.appId === next.appId && page) {
    page.show?.(next);
    return;
  }
  leave();
  route = next;
  const openMenu = () => shell.drawer(true);
  const { side, slot } = shell;
  page = next.appId === null
    ? home({ openMenu, onCreated: (app) => { side.put(app); location.hash = `#/apps/${app.id}`; } })
    : workbench({
        ...next, openMenu, draft: kept?.appId === next.appId ? kept.draft : null,
        onApp: (app) => side.put(app),
        onGone(id) {
          side.remove(id);
          announce("The app is deleted");
          location.hash = "#/";
        },
      });
  kept = null;
  document.title = `${page.title} · OverSkill`;
  side.mark(next.appId);
  slot.replaceChildren(page.node);
  if (matchMedia("(pointer: fine)").matches) page.focus();
}

async function start() {
  const token = takeToken();
  try {
    showShell(token ? await login(token) : await call("GET", "/v1/session"));
  } catch (problem) {
    if (token) showGate(problem);
    else if (problem.status === 401) showGate();
    else root.replaceChildren(el("main", { class: "centered", id: "main" }, problemView(problem, { action: start })));
  }
}

whenSignedOut(() => {
  if (!shell) return;
  const draft = page?.draft?.();
  if (draft) kept = { appId: route.appId, draft };
  showGate("Your session has ended. Sign in again to go on; nothing was lost.");
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) shell?.side.load();
});
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") shell?.drawer(false);
});
window.addEventListener("beforeunload", (event) => {
  if (page?.unsaved?.()) event.preventDefault();
});
// A tablet that is turned has room for the list beside the page: there is no drawer then.
matchMedia("(max-width: 1120px)").addEventListener("change", () => shell?.drawer(false));
window.addEventListener("hashchange", (event) => {
  const token = takeToken();
  if (token) login(token).then(showShell, showGate);
  else follow(event.oldURL);
});
start();
