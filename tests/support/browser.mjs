// Chromium, and what it complains about.
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

/** How long a page may take to show something, in milliseconds. */
const SHOWN_MS = 20_000;

/** A browser without any memory, that finds `*.localhost` without a resolver. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    // Chromium's own sandbox refuses to run as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
      "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP localhost 127.0.0.1",
      // Playwright switches off that frames of other sites have storage of their own. The last such list counts.
      "--disable-features=Translate",
    ],
  });
}

/** A page of a context, with everything that went wrong on it in `page.problems`. */
export async function openPage(context) {
  context.setDefaultTimeout(SHOWN_MS);
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => page.problems.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) => {
    // What a page that is left no longer waits for is no problem.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") page.problems.push(`${request.failure()?.errorText} ${request.url()}`);
  });
  return page;
}

/** Nothing went wrong on the page, but for what `known` says. */
export function assertQuiet(page, known = /^$/) {
  assert.deepEqual(page.problems.filter((problem) => !known.test(problem)), []);
}
