/** Domains of people's own that lead to the app's production: what their owner sets in their DNS, and how far each is. */

import { appPath, call, newKey } from "./api.js";
import { ago, announce, ask, el, iconButton } from "./dom.js";

const STATUS = { pending: "Waits for its records", proven: "Yours, and on its way", active: "Active", failed: "Not there" };

/** `shown()` gets what `load()` has read; `refresh` is called when something has changed. */
export function domains({ appId, refresh }) {
  const list = el("ul", { class: "domains", testid: "domains" });
  const node = el("section", { class: "publish-part" },
    el("div", { class: "publish-head" }, el("h2", {}, "Domains"),
      el("button", { type: "button", class: "button button-small", testid: "add-domain", onclick: () => add() }, "Add")),
    el("p", { class: "help" }, "A domain of your own that leads to production, beside the address that the app has by itself."), list);

  const add = () => {
    const key = newKey();
    return ask({
      title: "Add a domain", confirm: "Add", field: { label: "Domain, such as www.example.com" },
      text: "You are shown the records to set where its DNS is managed. It leads to the app once they are found.",
      async work(host) {
        await call("POST", appPath(appId, "/domains"), { json: { host }, key });
        announce(`${host} was added`);
        refresh();
      },
    });
  };

  const remove = (host) => ask({
    title: `Remove ${host}?`, danger: true, confirm: "Remove", text: "It does not lead to the app any more. Take its records out of its DNS as well.",
    async work() {
      await call("DELETE", appPath(appId, `/domains/${host}`));
      refresh();
    },
  });

  const check = async (host, button) => {
    button.disabled = true;
    try {
      await call("POST", appPath(appId, `/domains/${host}/check`), { json: {}, key: newKey() });
      announce(`Looking at ${host}`);
    } finally {
      refresh();
    }
  };

  const copyable = (text) => el("button", {
    type: "button", class: "record-text", title: "Copy", "aria-label": `Copy ${text}`,
    async onclick() {
      await navigator.clipboard.writeText(text);
      announce("Copied");
    },
  }, el("code", {}, text));

  const records = (all) => el("table", { class: "records" },
    el("thead", {}, el("tr", {}, ["Type", "Name", "Value"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, all.flatMap(({ type, name, value, purpose }) => [
      el("tr", {}, el("td", {}, type), el("td", {}, copyable(name)), el("td", {}, copyable(value))),
      el("tr", { class: "record-purpose" }, el("td", { colspan: "3" }, purpose)),
    ])));

  const item = ({ host, url, status, problem, records: all, checked_at }) => el("li", { class: "domain", "data-domain": status, testid: `domain-${host}` },
    el("div", { class: "domain-head" },
      status === "active" ? el("a", { class: "site-url", href: url, target: "_blank", rel: "noopener" }, host) : el("strong", { class: "site-url" }, host),
      el("span", { class: "tag" }, STATUS[status]),
      status !== "active" && el("button", { type: "button", class: "button button-small", testid: `check-${host}`, onclick: (event) => check(host, event.currentTarget) }, "Check now"),
      iconButton("bin", `Remove ${host}`, () => remove(host))),
    problem && el("p", { class: status === "failed" ? "site-error" : "help" }, problem, checked_at && [" Looked at ", ago(checked_at), "."]),
    status !== "active" && records(all));

  return { node, load: () => call("GET", appPath(appId, "/domains")), shown: ({ domains: all }) => list.replaceChildren(...all.map(item)) };
}
