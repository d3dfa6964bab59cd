// Opens a page in Chromium and says whether it rendered: a non-empty #root and no console error.
// Usage: CHROMIUM=/path node render-check.mjs URL → one line of JSON {rendered, title, problems}; exit 0 when rendered.
// Where Chromium cannot start its sandbox the line is {"sandbox":false}.
import { chromium } from "playwright-core";

const [url] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  // Chromium's own sandbox refuses to run as root.
  chromiumSandbox: process.getuid?.() !== 0,
  args: ["--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP localhost 127.0.0.1"],
}).catch((error) => {
  // An ordinary user on a system without user namespaces. Says nothing about the page.
  if (!/no usable sandbox|sandboxing failed|setuid sandbox|zygote_host_impl/i.test(error.message)) throw error;
  console.log(JSON.stringify({ sandbox: false }));
  process.exit(1);
});
try {
  const page = await browser.newPage();
  const problems = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  const answer = await page.goto(url, { waitUntil: "load", timeout: 20_000 });
  if (answer?.status() !== 200) problems.push(`status ${answer?.status()}`);
  const text = await page
    .waitForFunction(() => document.querySelector("#root")?.innerText.trim() || undefined, undefined, { timeout: 10_000 })
    .then((handle) => handle.jsonValue(), () => "");
  if (text === "") problems.push("#root is empty");
  // Errors of effects and lazy parts come right after the first paint.
  await page.waitForTimeout(300);
  const rendered = problems.length === 0;
  console.log(JSON.stringify({ rendered, title: await page.title(), problems }));
  process.exitCode = rendered ? 0 : 1;
} finally {
  await browser.close();
}
