// What the model of the scenario answers: by what is said in a conversation and nothing else, so that a double which is started
// anew goes on as the one before.

/** What is said to it, in the order of the turns. */
export const SAY = {
  make: "A counter that shows how often its button was pressed.",
  edit: "Count by two from now on.",
  ask: "What does the button do?",
  mend: "Add a second button that sets it back to zero.",
};

/** Between two events of an answer, in milliseconds: it is heard several times on its way. */
const GAP_MS = 12;

const COUNTER = "src/counter.ts";
const RESET = "src/reset.ts";

const page = `<!doctype html>
<html lang="en">
  <head><meta charset="UTF-8" /><title>Counter</title></head>
  <body>
    <main id="root"><button id="press">0</button></main>
    <script type="module" src="/${COUNTER}"></script>
  </body>
</html>
`;
const counter = `const step = 1
const button = document.querySelector("#press")
let count = 0

button?.addEventListener("click", () => {
  count += step
  button.textContent = String(count)
})
`;
const reset = `export function addReset(back: () => void) {
  const button = document.createElement("button")
  button.textContent = "Back to zero"
  button.addEventListener("click", back)
  document.querySelector("#root")?.append(button)
}
`;

const write = (path, content) => ({ name: "write_file", input: { path, content } });

/** The anchor of the line that reads so, as the view of the step before has it. */
function anchor(said, line) {
  const views = said.messages.at(-1).results.map(({ text }) => text).join("\n");
  const found = views.split("\n").find((shown) => shown.endsWith(`\t${line}`));
  if (!found) throw new Error(`no view shows the line ${line}:\n${views}`);
  return found.split("\t")[0];
}

const TURNS = {
  make: [
    () => ({ text: "I write the page and what counts beside it.", calls: [write("index.html", page), write(COUNTER, counter)] }),
    () => ({ text: "The counter shows how often its button was pressed." }),
  ],
  edit: [
    () => ({ calls: [{ name: "view_file", input: { path: COUNTER } }] }),
    ({ said }) => {
      const place = anchor(said, "const step = 1");
      return { text: "One line says it.", calls: [{ name: "edit_lines", input: { path: COUNTER, edits: [[place, place, "const step = 2"]] } }] };
    },
    () => ({ text: "It counts by two now." }),
  ],
  ask: [() => ({ text: "Each press adds two to the number that it shows, until the page is loaded again." })],
  mend: [
    () => ({
      calls: [
        write(RESET, reset.replace("back: () => void) {", "back: () => void {")),
        {
          name: "line_replace",
          input: {
            path: COUNTER, search: "const step = 2", first_line: 1, last_line: 1,
            replacement: 'import { addReset } from "./reset"\n\naddReset(() => location.reload())\n\nconst step = 2',
          },
        },
      ],
    }),
    () => ({ text: "A second button sets it back to zero." }),
  ],
  repair: [
    () => ({ text: "A bracket is missing.", calls: [write(RESET, reset)] }),
    () => ({ text: "The second button builds now." }),
  ],
};

/** Which turn a conversation is at. */
function turn({ last }) {
  const asked = Object.keys(SAY).find((name) => last.trimEnd().endsWith(SAY[name]));
  return asked ?? (last.includes("does not build") ? "repair" : undefined);
}

export default function answer(call) {
  const step = TURNS[turn(call.said)]?.[call.said.step];
  if (!step) throw new Error(`nobody says this in step ${call.said.step}: ${call.said.last.slice(-200)}`);
  return { gapMs: GAP_MS, ...step(call) };
}
