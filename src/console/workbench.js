/**
 * One app: the conversation at the left, preview, versions and files at the right, one after the other on a phone.
 *
 * The app as the server knows it is read again whenever the feed says it changed; the feed alone never makes it up.
 */

import { appPath, call, filePath, listAll } from "./api.js";
import { ask, el, icon, iconButton, problemView } from "./dom.js";
import { now } from "./clock.js";
import { chat } from "./chat.js";
import { openFeed } from "./feed.js";
import { files } from "./files.js";
import { preview } from "./preview.js";
import { publish } from "./publish.js";
import { showUsage } from "./usage.js";
import { versions } from "./versions.js";

const TABS = [["chat", "Chat"], ["preview", "Preview"], ["versions", "Versions"], ["files", "Files"], ["publish", "Publish"]];
const STATUS = { creating: "Creating", working: "Working", ready: "Ready", failed: "Failed" };
/** What an app's status means after a turn that ended so. */
const STATUS_AFTER = { "failed limit_reached": ["Out of budget", "limit"], "ready asked": ["Asks you", "asked"] };

/** Wait in milliseconds in which events that change the app become one request. */
const GATHER = 150;

/**
 * `onApp(app)` follows every change, `onGone(id)` a deletion, `openMenu()` unfolds the list of apps. `draft` is what an
 * earlier workbench of the same app gave as its unsaved changes.
 */
export function workbench({ appId, tab, file, draft, onApp, onGone, openMenu }) {
  const opened = now();
  let app = null;
  let feed = null;
  let timer = null;
  let closed = false;
  // Builds that the preview has nothing to do with.
  const production = new Set();
  let current = null;
  let pictures = null;

  const title = el("h1", { class: "app-name" }, "…");
  const status = el("span", { class: "status" });
  const link = el("span", { class: "connection", role: "status", testid: "connection" });
  const model = el("span", { class: "tag app-model" });
  const bar = el("header", { class: "app-bar" },
    iconButton("menu", "Show the list of apps", openMenu, { class: "icon-button drawer-only" }),
    title, status, model, el("span", { class: "spacer" }), link,
    iconButton("meter", "Usage", () => showUsage(appId, talk.prices), { testid: "show-usage", hidden: true }),
    iconButton("pencil", "Rename the app", () => rename(), { testid: "rename", hidden: true }),
    iconButton("bin", "Delete the app", () => remove(), { testid: "delete", hidden: true }));

  const openFile = (path, line) => {
    select("files");
    filesPane.open(path, line);
  };
  const talk = chat({
    appId, openFile,
    showPreview: () => select("preview"),
    model: () => app?.model ?? null,
    async send(content, key, mode) {
      const { turn } = await call("POST", appPath(appId, "/messages"), { json: { content, mode }, key });
      return turn.id;
    },
    cancel: (turn) => call("POST", appPath(appId, `/turns/${encodeURIComponent(turn)}/cancel`)),
    async picture(hash) {
      // An attachment may be any file of the app, and is known by its content. Those of one moment are looked up in one list.
      if (pictures === null) setTimeout(() => { pictures = null; }, GATHER);
      pictures ??= listAll(appPath(appId, "/files"), "files");
      const file = (await pictures).items.find((one) => one.hash === hash);
      return file ? filePath(appId, file.path) : null;
    },
  });
  const previewPane = preview();
  const versionsPane = versions({ appId, getApp: () => app });
  const publishPane = publish({ appId, getApp: () => app });
  const filesPane = files({ appId, navigate: (path) => setHash(path) });

  const panels = { preview: previewPane.node, versions: versionsPane.node, files: filesPane.node, publish: publishPane.node };
  const buttons = TABS.map(([id, name]) => el("button", {
    type: "button", role: "tab", id: `tab-${id}`, class: `tab tab-${id}`, "aria-controls": `panel-${id}`, testid: `tab-${id}`, onclick: () => select(id), onkeydown: walk,
  }, name));
  talk.node.id = "panel-chat";
  const tablist = el("div", { class: "tabs", role: "tablist", "aria-label": "Views of the app" }, buttons);
  const body = el("div", { class: "app-body" },
    talk.node,
    el("section", { class: "work", "aria-label": "App" },
      el("div", { class: "work-bar" }, tablist, previewPane.tools),
      ...Object.entries(panels).map(([id, node]) => el("div", { class: `panel panel-${id}`, role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}` }, node))));
  const node = el("main", { class: "stage-area app-page", id: "main", tabindex: "-1" }, bar, body);

  function select(id) {
    if (id !== current) {
      current = id;
      body.dataset.tab = id;
      if (id === "versions" && app) versionsPane.refresh();
      if (id === "files" && app) filesPane.refresh();
      if (id === "publish" && app) publishPane.refresh();
    }
    for (const button of buttons) {
      const chosen = button.id === `tab-${id}`;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    setHash(null);
  }

  function setHash(path) {
    const rest = current === "chat" || current === "preview" ? "" : `/${current}`;
    const hash = `#/apps/${appId}${rest}${path ? `/${path.split("/").map(encodeURIComponent).join("/")}` : ""}`;
    if (!closed && location.hash !== hash) history.replaceState(null, "", hash);
  }

  function walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const shown = buttons.filter((button) => button.offsetParent !== null);
    const next = shown[(shown.indexOf(event.currentTarget) + step + shown.length) % shown.length];
    next.focus();
    next.click();
  }

  const show = (next) => {
    app = next;
    title.textContent = app.name;
    document.title = `${app.name} · OverSkill`;
    const [name, look] = STATUS_AFTER[`${app.status} ${talk.outcome()}`] ?? [STATUS[app.status] ?? app.status, app.status];
    status.textContent = name;
    status.dataset.status = look;
    model.textContent = `${app.model} model`;
    for (const button of bar.querySelectorAll("button[hidden]")) button.hidden = false;
    previewPane.show(app);
    onApp(app);
  };

  const refresh = async () => {
    const { app: found } = await call("GET", appPath(appId));
    if (!closed) show(found);
  };

  const refreshSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      await refresh().catch(() => null);
      if (closed) return;
      if (current === "versions") versionsPane.refresh();
      if (current === "files") filesPane.refresh();
      if (current === "publish") publishPane.refresh();
    }, GATHER);
  };

  const receive = (event) => {
    talk.apply(event);
    // What happened before this page was opened is history, already in the app as it was read.
    const news = event.at >= opened;
    switch (event.kind) {
      case "build_queued":
        if (event.mode === "production") production.add(event.build);
        break;
      case "build_started":
        if (!production.has(event.build)) previewPane.say(`Building version ${event.version}…`);
        break;
      case "build_finished":
        if (!production.has(event.build)) previewPane.say(event.status === "failed" ? `Version ${event.version} did not build. This is the last good one.` : null);
        break;
      case "preview_live":
        previewPane.say(null);
        if (news || event.version > (app?.preview_version ?? 0)) previewPane.reload(event.version);
        break;
      default: break;
    }
    if (["turn_started", "version_created", "build_finished", "preview_live", "app_renamed", "turn_finished", "file_changed", "deployment_changed", "approvals_changed", "variable_changed", "domain_changed"].includes(event.kind)) refreshSoon();
  };

  const connection = (state) => {
    link.dataset.state = state;
    link.replaceChildren(state === "live" ? "" : { connecting: "Connecting…", reconnecting: "Reconnecting…", gone: "Deleted" }[state]);
    if (state === "live") {
      talk.connected();
      refreshSoon();
    }
    if (state === "gone") {
      close();
      onGone(appId);
    }
  };

  const rename = () => app && ask({
    title: "Rename the app", confirm: "Rename", field: { label: "Name", value: app.name },
    work: async (name) => show((await call("PATCH", appPath(appId), { json: { name } })).app),
  });

  const remove = () => app && ask({
    title: `Delete ${app.name}?`, danger: true, confirm: "Delete the app",
    text: "The app, its conversation, every version and its preview are deleted. This cannot be undone.",
    field: { label: `Type “${app.name}” to confirm`, mustEqual: app.name },
    async work() {
      await call("DELETE", appPath(appId));
      close();
      onGone(appId);
    },
  });

  const start = async () => {
    try {
      await refresh();
    } catch (problem) {
      if (closed) return;
      const lost = problem.status === 404;
      title.textContent = lost ? "No such app" : "Not loaded";
      body.replaceChildren(el("div", { class: "centered" }, problemView(problem, {
        label: lost ? "Start a new app" : "Try again",
        action: () => { if (lost) location.hash = "#/"; else location.reload(); },
      })));
      return;
    }
    if (closed) return;
    if (current === "versions") versionsPane.refresh();
    if (current === "files") filesPane.refresh();
    if (current === "publish") publishPane.refresh();
    if (draft) filesPane.resume(draft);
    else if (file) filesPane.open(file);
    feed = openFeed(appId, { onEvent: receive, onState: connection });
  };

  function close() {
    closed = true;
    clearTimeout(timer);
    feed?.close();
    talk.close();
    previewPane.close();
  }

  const first = () => (matchMedia("(max-width: 820px)").matches ? "chat" : "preview");

  select(draft ? "files" : (tab ?? first()));
  start();
  return {
    title: "App", node, close, focus: talk.focus,
    /** Follows an address inside this app. */
    show(next) {
      select(next.tab ?? first());
      if (next.file) filesPane.open(next.file);
    },
    /** Whether there are changes that leaving would lose; nothing of an app that is gone can be saved. */
    unsaved: () => !closed && filesPane.unsaved(),
    mayLeave: async () => closed || filesPane.mayLeave(),
    draft: () => (closed ? null : filesPane.draft()),
  };
}
