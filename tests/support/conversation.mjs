// A conversation of twenty turns with two providers, and what it has come to in words that stay the same.
import assert from "node:assert/strict";

const file = (path, content) => ({ name: "write_file", input: { path, content } });
const view = (path) => ({ name: "view_file", input: { path } });

const COUNTER = `import { useState } from "react";

export function Counter() {
  const [count, setCount] = useState(0);
  return (
    <button type="button" onClick={() => setCount(count + 1)}>
      Count: {count}
    </button>
  );
}
`;

const HISTORY = `export interface Step {
  at: number;
  count: number;
}

export function lastStep(steps: Step[]): Step | undefined {
  return steps.at(-1);
}
`;

/** The anchors that \`view_file\` has shown of the line that holds a text. */
function anchor(said, text) {
  const shown = said.messages.flatMap((message) => message.results).map((result) => result.text).reverse();
  for (const view of shown) {
    const line = view.split("\n").find((one) => one.includes(text));
    if (line) return /^\s*(\S+?)[:|\s]/.exec(line)[1];
  }
  throw new Error(`no view shows ${text}`);
}

/** What is said, and what the model does about it, step by step. `gpt` answers are those that only GPT gives. */
export const TURNS = [
  { say: "a counter that people can press", steps: [
    { text: "I look at what is there.", thinking: "The identity has the name.", calls: [view("src/app/identity.ts"), { name: "search_files", input: { query: "Counter" } }] },
    { text: "First the counter.", calls: [file("src/components/Counter.tsx", COUNTER), { name: "rename_app", input: { name: "Counter" } }] },
    { text: "The app has a counter to press now." },
  ] },
  { say: "keep a history of the presses", steps: [
    { text: "A history needs a type.", calls: [file("src/lib/history.ts", HISTORY), view("src/components/Counter.tsx")] },
    (said) => ({ text: "Now the counter keeps it.", calls: [{ name: "edit_lines", input: { path: "src/components/Counter.tsx", edits: [[anchor(said, "Count: {count}"), anchor(said, "Count: {count}"), "      Pressed {count} times\n"]] } }] }),
    { text: "Presses are kept in a history now." },
  ] },
  { say: "what does the counter do?", steps: [{ text: "It counts how often it was pressed, and keeps a history." }] },
  { say: "how would you store it?", mode: "discuss", steps: [
    { text: "I look.", calls: [view("src/lib/history.ts")] },
    { text: "In a table of steps, with the time and the count of each." },
  ] },
  { say: "share it", steps: [{ text: "That can mean two things.", calls: [{ name: "ask_user", input: { question: "Who may see it?", options: ["Everybody", "People who sign in"] } }] }], outcome: "asked" },
  { say: "Everybody", steps: [
    { calls: [file("src/lib/share.ts", "export const shared = true;\n")] },
    { text: "Everybody may see it now." },
  ] },
  { say: "show the last press", steps: [
    { text: "I look where it is shown.", calls: [view("src/main.tsx")] },
    (said) => ({ text: "I write it.", calls: [
      file("src/lib/last.ts", "export const last = (;\n"),
      { name: "edit_lines", input: { path: "src/main.tsx", edits: [[anchor(said, "import "), anchor(said, "import "), 'import "@/lib/last";\nimport { StrictMode } from "react";\n']] } },
    ] }),
    { text: "The last press is shown." },
    // The build has failed: this is its repair.
    { text: "A bracket was open.", calls: [file("src/lib/last.ts", "export const last = 0;\n")] },
    { text: "It builds again." },
  ] },
  { say: "while Claude is away, add a reset", claude: { status: 529, error: { type: "overloaded_error", message: "Overloaded" } }, steps: [
    { text: "I add it.", calls: [file("src/lib/reset.ts", "export const reset = () => 0;\n")] },
    { text: "There is a reset now." },
  ] },
  { say: "Claude breaks off in the middle", claude: { text: "I was about to say something long", errorAfter: 5 }, steps: [{ text: "GPT says all of it." }] },
  { say: "wait for me", cancel: true, steps: [{ text: "I wait and", stallAfter: 5 }], outcome: "cancelled" },
  { say: "call it Clicks", steps: [
    { calls: [{ name: "rename_app", input: { name: "Clicks" } }] },
    { text: "The app is called Clicks." },
  ] },
  { say: "forget the share", steps: [
    { calls: [{ name: "delete_file", input: { path: "src/lib/share.ts" } }] },
    { text: "Nothing is shared any more." },
  ] },
  { say: "do what no tool does", steps: [
    { calls: [{ name: "send_mail", input: { to: "all" } }] },
    { text: "I cannot send mail." },
  ] },
  { say: "write very much", steps: [
    { calls: [{ ...file("src/lib/much.ts", ""), rawArguments: '{"path":"src/lib/much.ts","content":"export const' }], stop: "max_tokens" },
    { calls: [file("src/lib/much.ts", "export const much = 1;\n")] },
    { text: "It is written." },
  ] },
  { say: "tell me all", steps: [{ text: "All of it would be ", stop: "max_tokens" }, { text: "too much to tell." }] },
  { say: "do something bad", steps: [{ text: "I will not do that.", stop: "refusal" }], outcome: "failed" },
  { say: "two at once", steps: [
    { calls: [file("src/lib/left.ts", "export const left = 1;\n"), file("src/lib/right.ts", "export const right = 2;\n")] },
    { text: "Left and right are there." },
  ] },
  { say: "one of them is wrong", steps: [
    { calls: [file("src/lib/good.ts", "export const good = 1;\n"), file("../bad.ts", "x")] },
    { calls: [file("src/lib/bad.ts", "export const bad = 1;\n")] },
    { text: "Both are there, the second at another place." },
  ] },
  { say: "how many files are there?", steps: [
    { calls: [{ name: "search_files", input: { query: "export const (left|right|good|bad)\\b" } }] },
    { text: "Four small ones." },
  ] },
  { say: "thank you", steps: [{ text: "You are welcome." }] },
];

/** The double's script. Answers depend on the conversation alone. */
export function answer({ provider, said }) {
  const current = TURNS.findLast(({ say }) => said.messages.some(({ role, texts }) => role === "user" && texts.includes(say)));
  assert.ok(current, `nobody said ${said.last.slice(-80)}`);
  const start = said.messages.findLastIndex(({ role, texts }) => role === "user" && texts.includes(current.say));
  const step = said.messages.slice(start).filter(({ role }) => role === "assistant").length;
  if (provider === "anthropic" && current.claude) return current.claude;
  const given = current.steps[step];
  assert.ok(given, `step ${step} of “${current.say}” is not in the script`);
  return typeof given === "function" ? given(said) : given;
}

/** A turn as the feed tells it, without times, ids and hashes. */
export function told(events, turn) {
  const own = events.filter((event) => event.turn === turn);
  const end = own.find((event) => event.kind === "turn_finished");
  const steps = own.filter((event) => event.kind === "step_started").map(({ step, repair }) => {
    const of = (kind) => own.filter((event) => event.kind === kind && event.step === step);
    const lastVoid = own.findLastIndex((event) => event.kind === "attempt_voided" && event.step === step);
    const text = own.slice(lastVoid + 1).filter((event) => event.kind === "text_delta" && event.step === step).map((event) => event.text).join("");
    const finished = of("step_finished")[0];
    return {
      ...(repair && { repair }),
      ...(of("attempt_voided").length > 0 && { voided: of("attempt_voided").map(({ model, reason }) => `${model} ${reason}`) }),
      ...(text && { text }),
      ...(of("tool_call").length > 0 && { tools: of("tool_call").map(({ call, name, path }) => `${name}${path ? ` ${path}` : ""}: ${of("tool_result").find((result) => result.call === call)?.summary}`) }),
      ...(finished && { model: finished.model, stop: finished.stop, ...finished.spent.usage, micros: finished.spent.micros }),
    };
  });
  const { outcome, summary, version, spent } = end;
  return { outcome, summary, version, steps, spent };
}
