/**
 * The files of one app: a list, one file with line numbers, and simple editing.
 *
 * A save names the hash of what was opened, so it never overwrites a change it has not seen; on a conflict the
 * text stays in the editor until the user has chosen.
 */

import { appPath, call, filePath, listAll, send } from "./api.js";
import { announce, ask, el, icon, iconButton, plural, problemView, size } from "./dom.js";

/** Bytes of text shown; a longer file is not one to read here. */
const SHOWN = 512 * 1024;

/** `navigate(path)` is told which file is open, `null` for the list. */
export function files({ appId, navigate }) {
  const listing = el("div", { class: "file-list" });
  const viewer = el("div", { class: "file-view" }, placeholder());
  const node = el("div", { class: "files" }, listing, viewer);
  let all = [];
  let opened = null;
  let editing = null;
  let asked = 0;

  const filter = el("input", { type: "search", class: "input file-filter", placeholder: "Filter files", "aria-label": "Filter files", oninput: () => draw() });
  const count = el("p", { class: "file-count" });
  const tree = el("div", { class: "file-tree" }, el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Loading files"));
  listing.append(filter, count, tree);

  const draw = () => {
    const wanted = filter.value.trim().toLowerCase();
    const found = all.filter((file) => file.path.toLowerCase().includes(wanted));
    count.textContent = wanted ? `${found.length} of ${plural(all.length, "file")}` : plural(all.length, "file");
    const folders = new Map();
    for (const file of found) {
      const cut = file.path.lastIndexOf("/") + 1;
      const folder = file.path.slice(0, cut);
      if (!folders.has(folder)) folders.set(folder, []);
      folders.get(folder).push(file);
    }
    tree.replaceChildren(...[...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([folder, inside]) => el("section", {},
      el("h2", { class: "mono" }, folder || "/"),
      el("ul", {}, inside.map((file) => el("li", {},
        el("button", { type: "button", class: "file", "aria-current": file.path === opened?.path, title: `${file.path} · ${size(file.size)}`, onclick: () => open(file.path) },
          icon("file"), el("span", {}, file.path.slice(folder.length)))))))));
    if (found.length === 0) tree.replaceChildren(el("p", { class: "panel-state" }, all.length ? "No file has that in its path." : "No files yet."));
  };

  const refresh = async () => {
    try {
      all = (await listAll(appPath(appId, "/files"), "files")).items;
      all.sort((a, b) => (a.path < b.path ? -1 : 1));
      draw();
    } catch (problem) {
      // A list that is merely old is still of use: the feed's return reads it again.
      if (all.length === 0) tree.replaceChildren(problemView(problem, { action: refresh, compact: true }));
      return;
    }
    // An open file that changed elsewhere is read again, unless someone is writing in it.
    if (opened && editing === null && all.find((file) => file.path === opened.path)?.hash !== opened.hash) open(opened.path, null, true);
  };

  const open = async (path, line = null, quietly = false) => {
    if (!quietly && !(await mayLeave())) {
      navigate(opened.path);
      return;
    }
    const mine = ++asked;
    editing = null;
    if (!quietly) viewer.replaceChildren(head(path, []), el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Loading the file"));
    node.dataset.open = "true";
    navigate(path);
    try {
      const response = await send("GET", filePath(appId, path));
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (mine !== asked) return;
      opened = { path, hash: (response.headers.get("etag") ?? "").replace(/^W\//, "").replaceAll('"', ""), ...decode(bytes) };
      show(line);
    } catch (problem) {
      if (mine !== asked) return;
      opened = null;
      viewer.replaceChildren(head(path, []), problemView(problem, { action: () => open(path, line) }));
    }
    draw();
  };

  const unsaved = () => editing !== null && editing.value !== opened.text.replaceAll("\r\n", "\n");

  const mayLeave = async () => !unsaved() || await ask({
    title: "Leave without saving?", text: `Your changes to ${opened.path} would be lost.`, confirm: "Discard them", danger: true, work: async () => true,
  }) === true;

  /** Changes that are not saved, to be gone on with by `resume` in another pane; `null` when there are none. */
  const draft = () => unsaved() ? { opened, value: editing.value } : null;

  const resume = (kept) => {
    asked++;
    opened = kept.opened;
    node.dataset.open = "true";
    navigate(opened.path);
    edit();
    editing.value = kept.value;
  };

  const close = async () => {
    if (!(await mayLeave())) return;
    node.dataset.open = "false";
    opened = null;
    editing = null;
    viewer.replaceChildren(placeholder());
    navigate(null);
    draw();
  };

  const head = (path, controls) => el("div", { class: "file-head" },
    iconButton("back", "Back to the files", close, { class: "icon-button file-back" }),
    el("span", { class: "mono file-path", title: path }, el("bdi", {}, path)), controls);

  const show = (line = null) => {
    editing = null;
    if (opened.text === null) {
      viewer.replaceChildren(head(opened.path, []), el("p", { class: "panel-state" }, `This file is not shown here: ${opened.why} (${size(opened.size)}).`));
      return;
    }
    const lines = opened.text.split("\n");
    if (lines.length > 1 && lines.at(-1) === "") lines.pop();
    const gutter = el("div", { class: "gutter", "aria-hidden": "true" }, lines.map((_, index) => index + 1).join("\n"));
    const code = el("pre", { class: "code" }, opened.text);
    const scroll = el("div", { class: "code-scroll", tabindex: "0", role: "region", "aria-label": `Content of ${opened.path}` }, gutter, code);
    viewer.replaceChildren(head(opened.path, [
      el("span", { class: "quiet" }, plural(lines.length, "line")),
      el("button", { type: "button", class: "button button-small", onclick: edit }, icon("pencil"), "Edit"),
    ]), scroll);
    if (line !== null && line > 1 && line <= lines.length) {
      const height = parseFloat(getComputedStyle(code).lineHeight);
      const top = parseFloat(getComputedStyle(code).paddingTop) + (line - 1) * height;
      const mark = el("div", { class: "line-mark", "aria-hidden": "true" });
      mark.style.top = `${top}px`;
      mark.style.height = `${height}px`;
      scroll.prepend(mark);
      scroll.scrollTop = top - scroll.clientHeight / 3;
    }
  };

  const edit = () => {
    const trouble = el("div", { class: "file-trouble" });
    const save = el("button", { type: "button", class: "button button-small button-primary", onclick: () => write(opened.hash) }, "Save");
    // A textarea turns every line ending into \n, so a file of \r\n gets its own back.
    const crlf = opened.text.includes("\r\n");
    const before = opened.text.replaceAll("\r\n", "\n");
    editing = el("textarea", { class: "editor", "aria-label": `Edit ${opened.path}`, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", value: before });

    const write = async (hash) => {
      save.disabled = true;
      trouble.replaceChildren();
      const area = editing;
      const text = crlf ? area.value.replaceAll("\n", "\r\n") : area.value;
      try {
        const saved = await call("PUT", filePath(appId, opened.path), { body: text, headers: { "if-match": `"${hash}"`, "content-type": "application/octet-stream" } });
        opened = { ...opened, text, hash: saved.hash };
        announce(`Saved ${opened.path}`);
        if (editing === area) show();
        refresh();
      } catch (problem) {
        save.disabled = false;
        trouble.replaceChildren(problem.status === 409 && problem.extra.current ? conflict(problem, write) : problemView(problem, { compact: true }));
      }
    };
    editing.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        if (!save.disabled) write(opened.hash);
      }
    });
    viewer.replaceChildren(head(opened.path, [
      el("button", { type: "button", class: "button button-small", onclick: () => show() }, "Cancel"), save,
    ]), trouble, editing);
    editing.focus();
    editing.setSelectionRange(0, 0);
    editing.scrollTop = 0;
  };

  const conflict = (problem, write) => el("div", { class: "problem problem-compact", role: "alert", testid: "conflict" },
    icon("warning", "icon problem-icon"),
    el("div", { class: "problem-text" },
      el("p", { class: "problem-title" }, "This file changed since you opened it"),
      el("p", {}, "Your text is still here and nothing was overwritten."),
      el("div", { class: "problem-actions" },
        el("button", { type: "button", class: "button button-small", onclick: () => open(opened.path, null, true) }, "Discard mine, show the new one"),
        el("button", { type: "button", class: "button button-small button-danger", onclick: () => write(problem.extra.current) }, "Overwrite with mine"))));

  return { node, refresh, open, close, unsaved, mayLeave, draft, resume };
}

function placeholder() {
  return el("div", { class: "panel-state" }, icon("file"), "Choose a file to read or edit it.");
}

/** The text of a file, or `text: null` and why there is none. */
function decode(bytes) {
  if (bytes.length > SHOWN) return { text: null, why: "it is too long", size: bytes.length };
  try {
    // The byte order mark is part of the file and goes back with it.
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), size: bytes.length };
  } catch {
    return { text: null, why: "it is not text", size: bytes.length };
  }
}
