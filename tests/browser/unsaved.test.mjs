// The console's files pane with text in it that is not saved, and the console on tablets and phones.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { launch, openPage } from "../support/browser.mjs";
import { until } from "../support/wait.mjs";

const FILE = "src/app/theme.css";
const MARK = "/* not saved */\n";

let stack;
let browser;
let app;
let context;
let page;

before(async () => {
  stack = await startStack();
  [app, browser] = await Promise.all([App.create(stack), launch()]);
  await app.completed();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await openPage(context);
  await page.goto(`${stack.origin}/#token=${stack.token}`);
  await page.getByTestId("new-app").waitFor();
});

after(async () => {
  await browser?.close();
  app?.close();
  await stack?.stop();
});

const editor = (on = page) => on.getByLabel(`Edit ${FILE}`);
const question = () => page.getByRole("dialog", { name: "Leave without saving?" });
const address = (rest) => `#/apps/${app.id}${rest}`;
const here = () => page.evaluate(() => location.hash);

async function write() {
  await page.goto(`${stack.origin}/${address(`/files/${FILE}`)}`);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const text = await editor().inputValue();
  await editor().fill(MARK + text);
}

describe("text that is not saved", () => {
  test("is asked about before another page of the console", async () => {
    await write();
    await page.getByTestId("new-app").click();
    await question().getByRole("button", { name: "Cancel" }).click();
    assert.equal(await here(), address(`/files/${FILE}`));
    assert.ok((await editor().inputValue()).startsWith(MARK));
    await page.getByTestId("new-app").click();
    await question().getByRole("button", { name: "Discard them" }).click();
    await page.getByRole("heading", { level: 1, name: "What would you like to build?" }).waitFor();
    assert.equal(await here(), "#/");
  });

  test("is asked about before Back", async () => {
    await write();
    await page.goBack();
    await question().getByRole("button", { name: "Cancel" }).click();
    assert.equal(await here(), address(`/files/${FILE}`));
    assert.ok((await editor().inputValue()).startsWith(MARK));
  });

  test("is asked about before the tab closes or signs out", async () => {
    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.dismiss();
    await page.getByTestId("sign-out").click();
    await question().getByRole("button", { name: "Cancel" }).click();
    assert.ok((await editor().inputValue()).startsWith(MARK));
  });

  test("is still there after signing in again", async () => {
    await context.clearCookies();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByTestId("token").fill(stack.token);
    await page.getByTestId("sign-in").click();
    await editor().waitFor();
    assert.ok((await editor().inputValue()).startsWith(MARK));
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).waitFor();
    const saved = await app.api("GET", `/files/${FILE}`);
    assert.ok(saved.text.startsWith(MARK));
    // Nothing is unsaved any more: nobody asks.
    await page.getByTestId("new-app").click();
    await page.getByRole("heading", { level: 1, name: "What would you like to build?" }).waitFor();
  });
});

describe("an address inside the app that is open", () => {
  test("is followed", async () => {
    await page.goto(`${stack.origin}/${address("")}`);
    await page.getByTestId("tab-versions").waitFor();
    const chosen = (tab) => page.locator(`[data-testid=tab-${tab}][aria-selected=true]`).waitFor();
    await chosen("preview");
    for (const [rest, tab] of [["/versions", "versions"], [`/files/${FILE}`, "files"], ["", "preview"]]) {
      await page.evaluate((hash) => { location.hash = hash; }, address(rest));
      await chosen(tab);
      assert.equal(await here(), address(rest));
    }
  });
});

describe("the console by touch", () => {
  test("lets go of the page when a tablet is turned with the list unfolded", async () => {
    const tablet = await openPage(context);
    try {
      await tablet.setViewportSize({ width: 820, height: 1180 });
      await tablet.goto(`${stack.origin}/`);
      await tablet.getByRole("button", { name: "Show the list of apps" }).click();
      await until("the page is out of reach", () => tablet.evaluate(() => document.querySelector(".slot").inert));
      await tablet.setViewportSize({ width: 1180, height: 820 });
      await until("the page is in reach", async () => !(await tablet.evaluate(() => document.querySelector(".slot").inert)));
      await tablet.getByTestId("prompt").click();
      await tablet.getByTestId("prompt").fill("x");
    } finally {
      await tablet.close();
    }
  });

  test("breaks the line at Enter, and sends by the button", async () => {
    const phone = await browser.newContext({ viewport: { width: 375, height: 700 }, hasTouch: true, isMobile: true });
    try {
      const small = await openPage(phone);
      await small.goto(`${stack.origin}/#token=${stack.token}`);
      const box = small.getByTestId("prompt");
      await box.fill("one");
      await box.press("Enter");
      assert.equal(await box.inputValue(), "one\n");
      assert.equal(await small.getByTestId("send").isEnabled(), true);
    } finally {
      await phone.close();
    }
  });
});
