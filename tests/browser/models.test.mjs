// The console while a language model works: what it says as it says it, what goes wrong with it, what it asks, and how it is stopped.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { assertQuiet, launch, openPage } from "../support/browser.mjs";
import { ModelDouble } from "../support/model.mjs";
import { TURN_MS, until } from "../support/wait.mjs";

const CLAUDE = "claude-sonnet-5-5";
const GPT = "gpt-6.1-sol";
/** Calls of models in one turn. */
const STEPS = 4;

const line = (path, old_str, new_str) => ({ name: "str_replace", input: { path, old_str, new_str } });
const TIMER = "src/app/Timer.tsx";
const ROUTES = "src/app/routes.tsx";
const LINES = Array.from({ length: 60 }, (_, n) => `export const line${n} = ${n}\n`).join("");
const LOST = "These words are of an answer that never ended. ".repeat(4);
const QUESTION = { question: "Shall it be **dark** or light?", options: ["Dark, with a green accent", "Light"] };

/** What the model answers, by what the message has in it: to the `step`th call of the turn, the `attempt`th time, both from 0. */
const SCRIPT = {
  "Say hello": () => ({ text: "Hello. There is nothing in here yet." }),
  "Make a timer": ({ step }) => [
    { text: "First I **think** about a timer, and then I write it.", gapMs: 25, calls: [
      { name: "write_file", input: { path: TIMER, content: `import { missing } from "@/hooks/useTheme"\n\n${LINES}\nexport function Timer() {\n  return <p>{missing}</p>\n}\n` } },
      line(ROUTES, "// Page imports of this app go above this line.", 'import { Timer } from "@/app/Timer"\n// Page imports of this app go above this line.'),
      line(ROUTES, "  // Routes of this app go above this line.", '  { path: "timer", element: <Timer /> },\n  // Routes of this app go above this line.'),
    ] },
    { text: "There is a timer now." },
    { calls: [line(TIMER, 'import { missing } from "@/hooks/useTheme"\n', "const missing = 1\n")] },
    { text: "The import was wrong." },
  ][step],
  "Break off": ({ attempt }) => attempt === 0
    ? { text: LOST, calls: [{ name: "write_file", input: { path: "src/app/lost.ts", content: LINES } }], gapMs: 90, cutAfter: 24 }
    : { text: "This is the answer that counts.", gapMs: 25 },
  "Be overloaded": ({ provider, attempt }) => provider === "anthropic"
    ? { status: 529, headers: { "retry-after": attempt === 0 ? "2" : "60" }, error: { type: "overloaded_error", message: "Try later." } }
    : { text: "I was asked instead.", gapMs: 25 },
  "Go on and on": ({ step }) => step === 0 ? { text: "One half of an ans", stop: "max_tokens" } : { text: "wer, and the other." },
  "Ask me": ({ step }) => step === 0 ? { text: "One thing first.", calls: [{ name: "ask_user", input: QUESTION }] } : { text: "?" },
  "Dark, with a green accent": () => ({ text: "Then it is dark." }),
  "Neither of them": () => ({ text: "Then it is purple." }),
  "Take your time": () => ({ text: "Once upon a time there was an app. ".repeat(200), gapMs: 60 }),
  "What comes next": () => ({ text: "This was not to be." }),
  "Never end": () => ({ calls: [{ name: "view_file", input: { path: ROUTES } }] }),
  "Only talk": () => ({ text: "Words only." }),
};

const asked = new Map();

function answer({ provider, said }) {
  const at = said.messages.findLastIndex(({ role, text }) => role === "user" && Object.keys(SCRIPT).some((words) => text.includes(words)));
  const [words, script] = Object.entries(SCRIPT).find(([words]) => said.messages[at].text.includes(words));
  const step = said.messages.slice(at).filter(({ role }) => role === "assistant").length;
  const attempt = asked.get(`${words} ${step}`) ?? 0;
  asked.set(`${words} ${step}`, attempt + 1);
  return script({ provider, step, attempt });
}

let double;
let stack;
let browser;
let page;
let feed;

before(async () => {
  double = await ModelDouble.start({ answer, caching: true });
  const budget = JSON.stringify({ turn: { steps: STEPS } });
  // Only a page of the console is looked at here.
  const env = { ...double.env, OVERSKILL_MODEL: `${CLAUDE},${GPT}`, OVERSKILL_VAR_BUDGET: budget, OVERSKILL_RENDER_CHECK: "off" };
  [stack, browser] = await Promise.all([startStack({ env }), launch()]);
  page = await openPage(await browser.newContext({ viewport: { width: 1280, height: 800 } }));
  await page.goto(`${stack.origin}/#token=${stack.token}`);
  feed = page.getByTestId("feed");
  await say("Say hello");
  await end("completed");
});

after(async () => {
  await browser?.close();
  await stack?.stop();
  await double?.stop();
});

/** Everything that the turn shows which was asked for last. */
const turn = () => feed.locator(".turn").last();

async function say(words) {
  await page.getByTestId("prompt").fill(words);
  await page.getByTestId("prompt").press("Enter");
  await turn().locator(".bubble", { hasText: words }).waitFor();
}

/** How the turn that was asked for last has ended, as the conversation shows it. */
async function end(outcome) {
  const shown = turn().getByTestId("turn-finished");
  await shown.waitFor({ timeout: TURN_MS });
  assert.equal(await shown.getAttribute("data-outcome"), outcome);
  return (await shown.innerText()).replace(/\s+/g, " ");
}

const trouble = () => turn().getByTestId("trouble");
const stop = () => page.getByTestId("stop");
/** Waits for a sentence that screen readers are told. */
const hear = (sentence) => page.locator("#announcer", { hasText: sentence }).waitFor({ state: "attached" });

describe("an answer", () => {
  test("is shown while it comes, and what is being written as well", async () => {
    await say("Make a timer");
    await turn().getByText(/^First I think about a t/).waitFor();
    const draft = turn().getByTestId("draft").first();
    await draft.getByText(/^· \d/).waitFor();
    const sizes = new Set([await draft.innerText()]);
    await until("the draft to grow", async () => {
      sizes.add(await draft.innerText());
      return sizes.size > 4;
    }, { timeoutMs: 5000, everyMs: 50 });
    for (const size of sizes) assert.match(size.replace(/\s+/g, " "), /^Writing (src\/app\/Timer\.tsx )?· [\d.]+ (B|KiB)$/);
    assert.match([...sizes].at(-1), /src\/app\/Timer\.tsx/);
    await turn().getByText("Wrote 1 file, edited 2").waitFor();
    assert.equal(await draft.count(), 0);
    assert.equal(await stop().isVisible(), true);
  });

  test("that does not build is mended for nothing, and the end says what it has cost", async () => {
    await turn().getByText(/^Repair(ing: 1 error|ed 1 error) \(free\)$/).waitFor({ timeout: TURN_MS });
    assert.match(await end("completed"), /^done: Done [\d.]+k tokens, \d+ % cached, \$0\.\d{3} · repairs free: [\d.]+k tokens/);
    await turn().getByText("Repaired 1 error (free)").waitFor();
    await until("nothing to be left to stop", async () => !(await stop().isVisible()));
  });

  test("of an attempt that came to nothing is taken away, and a note stays", async () => {
    await say("Break off");
    await turn().getByText(/never ended/).waitFor();
    await turn().getByTestId("draft").waitFor();
    await trouble().getByText(`${CLAUDE} could not be reached, or its answer broke off`, { exact: true }).waitFor();
    assert.equal(await turn().getByText(/never ended/).count(), 0);
    assert.equal(await turn().getByTestId("draft").count(), 0);
    await end("completed");
    await trouble().getByText("answered at attempt 2").waitFor();
    await turn().getByText("This is the answer that counts.").waitFor();
    assert.equal(await turn().getByText(/never ended|lost\.ts/).count(), 0);
  });

  test("of another model says whose it is, after the wait that was asked for", async () => {
    await say("Be overloaded");
    await trouble().getByText(`${CLAUDE} is overloaded (529)`, { exact: true }).waitFor();
    await trouble().getByText(/^trying again in [12] s$/).waitFor();
    await hear("Trying again");
    await end("completed");
    await trouble().getByText(`${CLAUDE} was overloaded (529)`, { exact: true }).waitFor();
    await trouble().getByText(`${GPT} answered instead`).waitFor();
    await trouble().locator("summary").click();
    assert.equal(await trouble().getByText(`${CLAUDE} is overloaded (529): Try later.`).count(), 2);
    await trouble().locator("summary").click();
  });

  test("that is longer than one may be goes on, and is told once", async () => {
    await say("Go on and on");
    await end("completed");
    await turn().getByText("The answer was cut off").waitFor();
    assert.deepEqual(await turn().locator(".prose").allInnerTexts().then((all) => all.filter(Boolean)), ["One half of an ans", "wer, and the other."]);
  });
});

describe("a question", () => {
  test("is answered by a button", async () => {
    await say("Ask me");
    assert.match(await end("asked"), /^waiting: Waiting for your answer/);
    await hear("The model asks: Shall it be");
    const question = turn().getByTestId("question");
    assert.equal(await question.locator("strong").innerText(), "dark");
    assert.equal(await turn().getByText("Asked you").count(), 0);
    const chosen = question.getByRole("button", { name: QUESTION.options[0] });
    await chosen.click();
    await turn().getByText("Then it is dark.").waitFor();
    await end("completed");
    const before = feed.locator(".turn").nth(-2);
    assert.match(await before.getByTestId("turn-finished").innerText(), /Answered/);
    assert.deepEqual(await before.getByTestId("option").evaluateAll((all) => all.map(({ disabled, dataset }) => [disabled, dataset.state])), [[true, "chosen"], [true, "left"]]);
  });

  test("is answered by words of one's own as well", async () => {
    await say("Ask me again");
    await end("asked");
    await say("Neither of them");
    await end("completed");
    await turn().getByText("Then it is purple.").waitFor();
    assert.equal(await feed.locator(".turn").nth(-2).locator("[data-state=left]").count(), 2);
  });
});

describe("stopping", () => {
  test("takes back what waits, and gives its words back", async () => {
    await say("Take your time");
    await turn().getByText(/Once upon a time/).waitFor();
    await say("What comes next");
    await turn().getByText("Waiting for the turn before it").waitFor();
    await turn().getByTestId("take-back").click();
    await turn().getByText("Taken back before it began").waitFor();
    await until("the words to be back", async () => (await page.getByTestId("prompt").inputValue()) === "What comes next");
    await page.getByTestId("prompt").fill("");
  });

  test("ends what runs, by keyboard too, and says so plainly", async () => {
    let go;
    const held = new Promise((resolve) => { go = resolve; });
    await page.route("**/cancel", async (route) => {
      await held;
      await route.continue();
    });
    assert.equal(await stop().innerText(), "Stop");
    await page.getByTestId("prompt").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "stop");
    await page.keyboard.press("Enter");
    await until("the button to be off", () => stop().isDisabled());
    assert.equal(await stop().innerText(), "Stopping…");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "prompt");
    go();
    // The turn that was taken back stands below it.
    const stopped = feed.locator(".turn").nth(-2).getByTestId("turn-finished");
    await stopped.waitFor();
    assert.equal(await stopped.getAttribute("data-outcome"), "cancelled");
    assert.match((await stopped.innerText()).replace(/\s+/g, " "), /^stopped: Stopped Nothing was changed since the last version/);
    await until("the button to go", async () => !(await stop().isVisible()));
    assert.equal(await feed.getByText(/Once upon a time/).count(), 0);
    assert.ok(!double.calls.some(({ said }) => said.last.includes("What comes next")), "what was taken back was asked of nobody");
  });
});

describe("the bounds", () => {
  test("of a discussion are what the model is offered", async () => {
    await page.getByText("Discuss", { exact: true }).click();
    assert.equal(await page.getByTestId("prompt").getAttribute("placeholder"), "Ask about the app");
    await say("Only talk");
    await end("completed");
    assert.deepEqual(double.calls.at(-1).said.tools.toSorted(), ["ask_user", "search_files", "view_file"]);
    await page.getByText("Build", { exact: true }).click();
  });

  test("of a budget are no error of the app's", async () => {
    await say("Never end");
    assert.match(await end("limit_reached"), /Stopped: the budget is used up [\d.]+k tokens/);
    await turn().getByTestId("limit").getByText(`the budget of this turn is used up (${STEPS} steps)`).waitFor();
    await turn().getByText("each turn has a budget of its own").waitFor();
    assert.equal(await turn().locator(".problem").count(), 0);
    await page.locator(".status", { hasText: "Out of budget" }).waitFor();
  });
});

describe("afterwards", () => {
  test("the account says what it came to", async () => {
    await page.getByTestId("show-usage").click();
    const account = page.getByTestId("usage");
    await account.getByText("Reckoned with the prices").waitFor();
    const [, id] = /#\/apps\/([a-z0-9]+)/.exec(page.url());
    const { billed, builds } = (await stack.api("GET", `/v1/apps/${id}/usage`)).body;
    const said = (await account.innerText()).replace(/\s+/g, " ");
    assert.match(said, new RegExp(`Cost \\$${(billed.micros / 1e6).toFixed(3)} `));
    assert.match(said, new RegExp(`Free [\\d.]+k tokens repairs, and answers that came to nothing; not counted above Builds ${builds} builds`));
    await page.keyboard.press("Escape");
    await account.waitFor({ state: "detached" });
  });

  test("a reload tells the same", async () => {
    const tell = async () => {
      await turn().getByTestId("turn-finished").waitFor();
      return feed.innerText();
    };
    const told = await tell();
    await page.reload();
    await until("the conversation", async () => (await tell()).length >= told.length, { timeoutMs: 10_000 });
    assert.equal(await tell(), told);
    assertQuiet(page);
  });
});
