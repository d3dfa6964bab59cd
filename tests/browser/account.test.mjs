// The account of a generated app as a person has one: made, used, left, come back to, its password forgotten.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { assertQuiet, launch, openPage } from "../support/browser.mjs";

const ADA = { name: "Ada", email: "ada@example.com", password: "first-password" };
const SECOND = "second-password";

let stack;
let browser;
let app;
let page;

before(async () => {
  stack = await startStack();
  [app, browser] = await Promise.all([App.create(stack), launch()]);
  await app.completed();
  page = await openPage(await browser.newContext());
});

after(async () => {
  await browser?.close();
  app?.close();
  await stack?.stop();
});

const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
const path = () => new URL(page.url()).pathname;

async function signIn(password) {
  await heading("Welcome back");
  await page.getByLabel("E-mail").fill(ADA.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
}

async function signOut() {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in" }).waitFor();
}

describe("an account", () => {
  test("is asked for by a page that needs one", async () => {
    await page.goto(`${app.created.preview_url}/dashboard`);
    await heading("Welcome back");
    assert.equal(path(), "/login");
  });

  test("is made, and leads to where it was asked for", async () => {
    await page.getByRole("link", { name: "Create an account" }).click();
    await heading("Create your account");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("E-mail is required.").waitFor();
    await page.getByLabel("Name").fill(ADA.name);
    await page.getByLabel("E-mail").fill("ada");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText(/Enter an e-mail address/).waitFor();
    await page.getByText(/^Use at least \d+ characters\.$/).waitFor();
    await page.getByLabel("E-mail").fill(ADA.email);
    await page.getByLabel("Password").fill(ADA.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await heading("Dashboard");
    assert.equal(path(), "/dashboard");
    await page.getByText("Welcome, Ada.").waitFor();
    await page.getByText(ADA.email).first().waitFor();
    await page.getByRole("heading", { level: 2, name: "Recipes" }).waitFor();
  });

  test("lasts over a reload, and is kept without its password", async () => {
    await page.reload();
    await heading("Dashboard");
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.ok(!kept.includes(ADA.password), kept);
  });

  test("is left, and the page needs it again", async () => {
    await signOut();
    await page.goto(`${app.created.preview_url}/dashboard`);
    await heading("Welcome back");
  });

  test("is not made twice, nor entered with a wrong password", async () => {
    await signIn("no such password");
    await page.getByRole("alert").getByText("The e-mail address or the password is not right.").waitFor();
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("E-mail").fill(ADA.email.toUpperCase());
    await page.getByLabel("Password").fill(SECOND);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").getByText(/There is an account with this e-mail address already/).waitFor();
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await signIn(ADA.password);
    await heading("Dashboard");
  });

  test("gets a new password by a link that works once", async () => {
    await signOut();
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await heading("Forgot your password?");
    await page.getByLabel("E-mail").fill(ADA.email);
    await page.getByRole("button", { name: "Get a reset link" }).click();
    const link = page.getByRole("link", { name: "Choose a new password" });
    const address = new URL(await link.getAttribute("href"), page.url()).href;
    await link.click();
    await heading("Choose a new password");
    assert.equal(path(), "/update-password");
    await page.getByLabel("Password").fill(SECOND);
    await page.getByRole("button", { name: "Save password" }).click();
    await heading("Dashboard");
    await signOut();
    await page.goto(address);
    await heading("This link does not work");
    await page.goto(`${app.created.preview_url}/dashboard`);
    await signIn(ADA.password);
    await page.getByRole("alert").getByText("The e-mail address or the password is not right.").waitFor();
    await signIn(SECOND);
    await heading("Dashboard");
  });

  test("has said nothing to the browser's console", () => assertQuiet(page));
});
