/** What a message may lead to: changes, or words only. */

import { el } from "./dom.js";

/** Names, what the API calls them, and what the prompt box asks for. */
const MODES = [
  { value: "auto", name: "Build", asks: "Describe a change", title: "The model may change the app" },
  { value: "discuss", name: "Discuss", asks: "Ask about the app", title: "The model answers in words and changes nothing" },
];

/** `onChange(mode)` gets the one that was chosen, as above. */
export function modeChoice(onChange) {
  let chosen = MODES[0];
  const choices = MODES.map((mode) => el("label", { class: "mode", title: mode.title },
    el("input", {
      type: "radio", name: "mode", class: "visually-hidden", checked: mode === chosen, testid: `mode-${mode.value}`,
      onchange: () => {
        chosen = mode;
        onChange(mode);
      },
    }),
    el("span", {}, mode.name)));
  return {
    node: el("fieldset", { class: "modes" }, el("legend", { class: "visually-hidden" }, "What the message may lead to"), choices),
    value: () => chosen.value,
    asks: MODES[0].asks,
  };
}
