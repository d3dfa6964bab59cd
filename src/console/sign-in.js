/** Signing in with an API token. The token goes to the server once and is kept nowhere on the page. */

import { call, Problem } from "./api.js";
import { el, icon, problemView } from "./dom.js";

/** Logs in; resolves to the session, throws a `Problem`. */
export async function login(token) {
  await call("POST", "/v1/console-login", { json: { token } });
  try {
    return await call("GET", "/v1/session");
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    throw new Problem({
      title: "The browser did not keep the session",
      detail: "The token is right, but the session's cookie was refused. Open the console over https, or as http://localhost in Chrome, Edge or Firefox, and allow cookies for it.",
    });
  }
}

/** The page. `reason` is a problem or sentence that led here; `onSession(session)` follows a login. */
export function signIn({ reason = null, onSession }) {
  const input = el("input", {
    class: "input mono", id: "token", type: "password", name: "token", placeholder: "osk_…", autocomplete: "current-password",
    spellcheck: "false", autocapitalize: "off", required: true, testid: "token", "aria-describedby": "token-help",
  });
  const go = el("button", { type: "submit", class: "button button-primary button-wide", testid: "sign-in" }, "Sign in");
  const trouble = el("div", { "aria-live": "polite" }, typeof reason === "string" ? el("p", { class: "notice" }, reason) : reason && problemView(reason, { compact: true }));

  const submit = async (event) => {
    event.preventDefault();
    const token = input.value.trim();
    if (!/^osk_[a-z][a-z0-9]{2,31}_[A-Za-z0-9]+$/.test(token)) {
      trouble.replaceChildren(problemView(new Problem({ title: "That does not look like a token", detail: "A token starts with osk_, then the workspace, then a secret: osk_local_…" }), { compact: true }));
      input.focus();
      return;
    }
    go.disabled = true;
    go.textContent = "Signing in…";
    trouble.replaceChildren();
    try {
      onSession(await login(token));
    } catch (problem) {
      trouble.replaceChildren(problemView(problem, { compact: true }));
      go.disabled = false;
      go.textContent = "Sign in";
      input.select();
    }
  };

  return {
    node: el("main", { class: "gate", id: "main", tabindex: "-1" },
      el("form", { class: "gate-card", onsubmit: submit },
        icon("logo", "logo logo-large"),
        el("h1", {}, "Sign in to OverSkill"),
        el("p", { class: "quiet" }, "Describe an app, watch it being built, use it at its own address."),
        trouble,
        el("label", { class: "field", for: "token" }, el("span", { class: "field-label" }, "API token")),
        input,
        go,
        el("p", { class: "help", id: "token-help" }, "On your own machine, ", el("code", {}, "cargo xtask dev"), " prints one when it is ready."))),
    focus: () => input.focus(),
  };
}
