/** Where an app is for others: staging and production, how it gets there, the way back, and what its pages are told. */

import { appPath, call, listAll, newKey } from "./api.js";
import { domains } from "./domains.js";
import { ago, announce, ask, el, iconButton, problemView } from "./dom.js";
import { weightView } from "./weight.js";

const ENVIRONMENTS = [["staging", "Staging", "An address for a last look."], ["production", "Production", "The address for everyone."]];
const STATUS = { awaiting_approval: "Awaits approval", waiting: "Waits for another deployment", building: "Building for production", deploying: "Checking at its address", live: "Live", superseded: "Was live", failed: "Failed", rejected: "Rejected" };
/** Kinds of variables; where `fixed` is given, there is one of that name alone. */
const KINDS = {
  public: { label: "Public", text: "The app's pages are told it. Everyone who opens the app can read it." },
  secret: { label: "Secret", text: "Only the app's functions are told it. It is sealed now and never shown again." },
  platform: { label: "Allowed hosts", text: "The hosts that the app's functions may ask, such as api.example.com, or *.example.com for all below one.", fixed: "ALLOWED_HOSTS" },
};
const UNDER_WAY = ["waiting", "building", "deploying"];

/** `getApp()` is the app as it is now; everything is read when `refresh()` is called. */
export function publish({ appId, getApp }) {
  const state = el("div", { class: "panel-state" }, el("span", { class: "spinner" }), "Loading deployments");
  const cards = el("div", { class: "sites" });
  const list = el("ol", { class: "versions", testid: "deployments", "aria-label": "Deployments, newest first" });
  const history = el("section", { class: "publish-part", hidden: true }, el("h2", {}, "History"), list);
  const table = el("ul", { class: "variables", testid: "variables" });
  const variables = el("section", { class: "publish-part" },
    el("div", { class: "publish-head" }, el("h2", {}, "Variables"),
      el("button", { type: "button", class: "button button-small", testid: "add-variable", onclick: () => setVariable() }, "Add")),
    el("p", { class: "help" }, "What the app is told as it runs. Everyone can read what is public; a secret is for its functions alone and never shown again."), table);
  const own = domains({ appId, refresh: () => refresh() });
  const parts = el("div", { class: "publish", hidden: true }, cards, own.node, history, variables);
  const node = el("div", { class: "panel-scroll" }, state, parts);
  let asked = 0;
  let deployments = [];
  /** The environments that a deployment needs an approval to. */
  let approved = [];
  const builds = new Map();

  const refresh = async () => {
    const mine = ++asked;
    try {
      const [{ items }, env, names, approvals] = await Promise.all([
        listAll(appPath(appId, "/deployments"), "deployments"), call("GET", appPath(appId, "/env")), own.load(), call("GET", appPath(appId, "/approvals")),
      ]);
      if (mine !== asked) return;
      deployments = items;
      approved = approvals.environments;
      state.hidden = true;
      parts.hidden = false;
      cards.replaceChildren(...ENVIRONMENTS.map(site));
      list.replaceChildren(...items.map(item));
      history.hidden = items.length === 0;
      own.shown(names);
      table.replaceChildren(...env.variables.map(variable));
    } catch (problem) {
      if (mine !== asked || !parts.hidden) return;
      state.replaceChildren(problemView(problem, { action: refresh }));
    }
  };

  const live = (environment) => deployments.find((one) => one.environment === environment && one.status === "live");

  /** How large the script of a deployment is, once it is known. What was rolled back to is in the build of its first deployment. */
  const weight = (one) => {
    const node = el("div", { testid: `weight-${one.environment}` });
    const origin = one.build === null ? deployments.find(({ id }) => id === one.origin.to) : one;
    if (!origin?.build) return node;
    if (!builds.has(origin.build)) builds.set(origin.build, call("GET", appPath(appId, `/builds/${origin.build}`)));
    builds.get(origin.build).then(
      ({ build }) => build.sizes && node.replaceChildren(weightView(build)),
      // It is only a number: asked for again with the next refresh.
      () => builds.delete(origin.build));
    return node;
  };

  const site = ([environment, name, help]) => {
    const now = live(environment);
    const next = deployments.find((one) => one.environment === environment && UNDER_WAY.includes(one.status));
    const newest = getApp()?.version ?? null;
    const staged = environment === "production" ? live("staging")?.version : undefined;
    const wanted = staged !== undefined && staged !== now?.version ? staged : newest;
    const label = wanted === now?.version ? `Deploy version ${wanted} again` : `${wanted === staged ? "Promote" : "Deploy"} version ${wanted}`;
    return el("section", { class: "site", "data-live": Boolean(now), testid: `site-${environment}`, "aria-label": name },
      el("h2", {}, name, now && el("span", { class: "live-tag" }, el("span", { class: "beacon" }), `Version ${now.version}`)),
      now ? el("a", { class: "site-url", href: now.url, target: "_blank", rel: "noopener" }, new URL(now.url).host) : el("p", { class: "help" }, help),
      now && weight(now),
      next && el("p", { class: "site-next", role: "status" }, el("span", { class: "spinner" }), `Version ${next.version}: ${STATUS[next.status].toLowerCase()}`),
      el("button", {
        type: "button", class: environment === "production" ? "button button-primary" : "button", testid: `deploy-${environment}`,
        disabled: wanted === null || Boolean(next), onclick: () => deploy(environment, name, wanted, label),
      }, wanted === null ? "Nothing to deploy yet" : label),
      el("label", { class: "site-approval" },
        el("input", { type: "checkbox", checked: approved.includes(environment), testid: `approval-${environment}`, onchange: ({ target }) => needApproval(environment, target) }),
        "Needs an approval"));
  };

  /** Has deployments to an environment need an approval, or none any more, as its box says. Until that is so, the box says what was. */
  const needApproval = (environment, box) => {
    const isWanted = box.checked;
    box.checked = !isWanted;
    return ask({
      title: isWanted ? `Have deployments to ${environment} approved?` : `Deploy to ${environment} without an approval?`, confirm: isWanted ? "Need an approval" : "Need none",
      text: isWanted ? "Each waits until somebody approves it who has another token than whoever asked. Going back needs no approval." : "What awaits an approval goes on to do so.",
      async work() {
        const environments = [...approved.filter((one) => one !== environment), ...(isWanted ? [environment] : [])];
        await call("PUT", appPath(appId, "/approvals"), { json: { environments } });
        announce(isWanted ? `Deployments to ${environment} need an approval from now on` : `Deployments to ${environment} need no approval any more`);
        refresh();
      },
    });
  };

  const decide = (one, decision) => {
    const key = newKey();
    const name = decision === "approve" ? "Approve" : "Reject";
    return ask({
      title: `${name} version ${one.version} for ${one.environment}?`, confirm: name, danger: decision === "reject",
      text: decision === "approve" ? `${one.by} has asked for it. It is built, looked at and put at its address.` : `${one.by} has asked for it. It comes to nothing.`,
      async work() {
        await call("POST", appPath(appId, "/approvals"), { json: { deployment: one.id, decision }, key });
        announce(decision === "approve" ? `${one.id} was approved` : `${one.id} was rejected`);
        refresh();
      },
    });
  };

  const deploy = (environment, name, version, label) => {
    const key = newKey();
    return ask({
      title: `${label} to ${name.toLowerCase()}?`, confirm: label,
      text: "What is there now stays until the new version was built and has shown that it works.",
      async work() {
        await call("POST", appPath(appId, "/deployments"), { json: { environment, version }, key });
        announce(`Version ${version} is on its way to ${name.toLowerCase()}`);
        refresh();
      },
    });
  };

  const rollBack = (to) => {
    const key = newKey();
    return ask({
      title: `Go back to version ${to.version} in ${to.environment}?`, confirm: "Roll back",
      text: `The address serves what ${to.id} had put there, in a moment and without a build.`,
      async work() {
        await call("POST", appPath(appId, `/deployments/${to.id}/rollback`), { json: {}, key });
        announce(`Going back to version ${to.version}`);
        refresh();
      },
    });
  };

  const item = (one) => el("li", { class: "version", "data-live": one.status === "live" },
    el("span", { class: "version-number" }, one.version),
    el("div", { class: "version-text" },
      el("p", { class: "version-summary" }, one.origin.to ? `Back to ${one.origin.to}, in ${one.environment}` : `To ${one.environment}`),
      el("p", { class: "version-facts" }, el("span", {}, one.id), el("span", { class: "tag", "data-deployment": one.status }, STATUS[one.status]), ago(one.created_at), el("span", {}, one.origin.reason ? "automatic" : `by ${one.by}`), one.approval && el("span", {}, `approved by ${one.approval.by}`)),
      one.origin.reason && el("p", { class: "version-facts" }, `${one.origin.from}: ${one.origin.reason}`),
      one.note && el("p", { class: "version-facts" }, one.note),
      [one.error, one.trouble].map((text) => text && el("p", { class: "site-error" }, text))),
    el("div", { class: "version-side" },
      one.status === "awaiting_approval" && [["approve", "Approve"], ["reject", "Reject"]].map(([decision, name]) =>
        el("button", { type: "button", class: "button button-small", testid: `${decision}-${one.id}`, "aria-label": `${name} ${one.id}`, onclick: () => decide(one, decision) }, name)),
      one.status === "superseded" && el("button", { type: "button", class: "button button-small", testid: `roll-back-${one.id}`, "aria-label": `Roll back to ${one.id}`, onclick: () => rollBack(one) }, "Roll back")));

  const variable = ({ environment, name, kind, value, by, set_at }) => el("li", { class: "variable", "data-kind": kind },
    el("span", { class: "tag" }, environment), el("code", {}, name),
    value === null
      ? el("span", { class: "variable-value variable-secret" }, "Secret, set ", ago(set_at), ` by ${by}`)
      : el("span", { class: "variable-value" }, value),
    iconButton("bin", `Delete ${name} of ${environment}`, () => ask({
      title: `Delete ${name}?`, danger: true, confirm: "Delete", text: `The app in ${environment} is not told ${name} any more.`,
      async work() {
        await call("DELETE", appPath(appId, `/env/${environment}/${name}`));
        refresh();
      },
    })));

  const setVariable = () => {
    const options = (all) => all.map(([value, text]) => el("option", { value }, text));
    const choice = el("select", { class: "input", name: "environment" }, options(["preview", "staging", "production"].map((one) => [one, one])));
    const kind = el("select", { class: "input", name: "kind", onchange: () => explain() }, options(Object.entries(KINDS).map(([value, { label }]) => [value, label])));
    const help = el("p", { class: "help" });
    const explain = () => {
      const { text, fixed } = KINDS[kind.value];
      help.textContent = text;
      name.readOnly = fixed !== undefined;
      if (fixed) name.value = fixed;
      else if (Object.values(KINDS).some((one) => one.fixed === name.value)) name.value = "";
    };
    const name = el("input", { class: "input", name: "name", autocomplete: "off", spellcheck: "false", maxlength: "64", pattern: "[A-Z][A-Z0-9_]*", title: "Capital letters, digits and _, a letter first", required: true });
    const value = el("textarea", { class: "input", name: "value", rows: "3", maxlength: "4096" });
    const trouble = el("div");
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "variable-title", onclose: () => dialog.remove() },
      el("form", {
        async onsubmit(event) {
          event.preventDefault();
          try {
            await call("PUT", appPath(appId, `/env/${choice.value}/${name.value}`), { json: { kind: kind.value, value: value.value } });
            dialog.close();
            refresh();
          } catch (problem) {
            trouble.replaceChildren(problemView(problem, { compact: true }));
          }
        },
      },
      el("h2", { id: "variable-title" }, "Set a variable"),
      [["Environment", choice], ["Kind", kind]].map(([label, field]) => el("label", { class: "field" }, el("span", { class: "field-label" }, label), field)),
      help,
      [["Name", name], ["Value", value]].map(([label, field]) => el("label", { class: "field" }, el("span", { class: "field-label" }, label), field)),
      trouble,
      el("div", { class: "dialog-actions" },
        el("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
        el("button", { type: "submit", class: "button button-primary", testid: "save-variable" }, "Save"))));
    document.body.append(dialog);
    explain();
    dialog.showModal();
    name.focus();
  };

  return { node, refresh };
}
