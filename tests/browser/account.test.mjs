// The account of a generated app as a person has one: made, used, left, come back to, its password forgotten.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { mailedLink, mailsTo, signIn, signOut } from "../support/account.mjs";
import { App } from "../support/app.mjs";
import { assertQuiet, launch, openPage } from "../support/browser.mjs";

const ADA = { name: "Ada", email: "ada@example.com", password: "first-password" };
const SECOND = "second-password";
const NOT_RIGHT = "The e-mail address or the password is not right.";

let stack;
let browser;
let app;
let context;
let page;

before(async () => {
  stack = await startStack();
  [app, browser] = await Promise.all([App.create(stack), launch()]);
  await app.completed();
  context = await browser.newContext();
  page = await openPage(context);
});

after(async () => {
  await browser?.close();
  app?.close();
  await stack?.stop();
});

const heading = (name, on = page) => on.getByRole("heading", { level: 1, name }).waitFor();
const path = (on = page) => new URL(on.url()).pathname;
const refusal = (text, on = page) => on.getByRole("alert").getByText(text).waitFor();

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
    assert.ok(kept.includes(`overskill-${app.id}-session`) && !kept.includes(ADA.password), kept);
  });

  test("is left, and the page needs it again", async () => {
    await signOut(page);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.ok(!kept.includes("access_token"), kept);
    await page.goto(`${app.created.preview_url}/dashboard`);
    await heading("Welcome back");
  });

  test("is not made twice, nor entered with a wrong password", async () => {
    await signIn(page, { ...ADA, password: "no such password" });
    await refusal(NOT_RIGHT);
    await signIn(page, { email: "nobody@example.com", password: "no such password" });
    await refusal(NOT_RIGHT);
    await page.getByRole("link", { name: "Create an account" }).click();
    await heading("Create your account");
    await page.getByLabel("E-mail").fill(ADA.email.toUpperCase());
    await page.getByLabel("Password").fill(SECOND);
    await page.getByRole("button", { name: "Create account" }).click();
    await refusal(/cannot be used for a new account/);
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await signIn(page, ADA);
    await heading("Dashboard");
  });

  test("gets a new password by a mailed link that works once", async () => {
    await signOut(page);
    await page.getByRole("banner").getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await heading("Forgot your password?");
    await page.getByLabel("E-mail").fill("nobody@example.com");
    await page.getByRole("button", { name: "Get a reset link" }).click();
    await heading("Check your mail");
    const said = (await page.getByRole("main").innerText()).replace("nobody@example.com", ADA.email);
    await page.getByRole("link", { name: "Back to sign in" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await heading("Forgot your password?");
    await page.getByLabel("E-mail").fill(ADA.email);
    await page.getByRole("button", { name: "Get a reset link" }).click();
    await heading("Check your mail");
    assert.equal(await page.getByRole("main").innerText(), said, "nobody learns who has an account");
    const address = await mailedLink(app, ADA.email);
    assert.deepEqual(await mailsTo(stack, "nobody@example.com"), []);
    await page.goto(address);
    await heading("Choose a new password");
    assert.equal(path(), "/update-password");
    await page.getByLabel("Password").fill(ADA.password);
    await page.getByRole("button", { name: "Save password" }).click();
    await refusal("Choose a password that differs from the old one.");
    await page.getByLabel("Password").fill(SECOND);
    await page.getByRole("button", { name: "Save password" }).click();
    await heading("Dashboard");
    await signOut(page);
    await page.goto(address);
    await heading("This link does not work");
    await page.goto(`${app.created.preview_url}/dashboard`);
    await signIn(page, ADA);
    await refusal(NOT_RIGHT);
    await signIn(page, { ...ADA, password: SECOND });
    await heading("Dashboard");
  });

  test("is reached from another browser by such a link, and asked for another mail", async () => {
    const elsewhere = await browser.newContext();
    try {
      const seen = (await mailsTo(stack, ADA.email)).length;
      await page.goto(`${app.created.preview_url}/forgot-password`);
      await page.getByLabel("E-mail").fill(ADA.email);
      await page.getByRole("button", { name: "Get a reset link" }).click();
      await heading("Check your mail");
      await page.getByRole("button", { name: "Send again" }).click();
      await page.getByText("Sent again").waitFor();
      const address = await mailedLink(app, ADA.email, seen + 1);
      const other = await openPage(elsewhere);
      await other.goto(address);
      await heading("Choose a new password", other);
      assertQuiet(other);
    } finally {
      await elsewhere.close();
    }
  });

  test("is not opened by a link that holds nothing, or leads elsewhere", async () => {
    const stranger = await browser.newContext();
    try {
      const other = await openPage(stranger);
      for (const [query, text] of [
        ["", /not complete/],
        ["?error=access_denied&error_code=otp_expired&error_description=Call+555+now", /run out or was used before/],
        ["#error=access_denied&error_description=Call+555+now", /run out or was used before/],
        ["?code=none", /the browser in which you asked for it/],
        ["?token_hash=none&type=recovery", /run out or was used before/],
        ["?token_hash=none&type=nonsense", /not complete/],
      ]) {
        await other.goto("about:blank");
        await other.goto(`${app.created.preview_url}/auth/callback${query}`);
        await heading("This link does not work", other);
        await other.getByText(text).waitFor();
        assert.equal(await other.getByText("555").count(), 0, "its own words could be anybody's");
      }
      assertQuiet(other, /status of 40[0-9]/);
    } finally {
      await stranger.close();
    }
  });

  test("waits for its address to be confirmed where that is asked for, and asks for the mail again", async () => {
    const stranger = await browser.newContext();
    try {
      const other = await openPage(stranger);
      const asked = [];
      // As Supabase Auth answers where addresses have to be confirmed.
      await other.route(/\/auth\/v1\/(signup|resend)/, (route) => {
        asked.push(new URL(route.request().url()));
        return route.fulfill({ json: { id: "0b0e3f6c-9a53-4a1b-8f0e-3f6c9a534a1b", email: "eve@example.com", user_metadata: {}, created_at: "2026-01-01T00:00:00Z" } });
      });
      await other.goto(`${app.created.preview_url}/recipes`);
      await other.getByRole("link", { name: "Create an account" }).click();
      await heading("Create your account", other);
      await other.getByLabel("E-mail").fill("eve@example.com");
      await other.getByLabel("Password").fill(ADA.password);
      await other.getByRole("button", { name: "Create account" }).click();
      await heading("Check your mail", other);
      await other.getByRole("button", { name: "Send again" }).click();
      await other.getByText("Sent again").waitFor();
      assert.deepEqual(asked.map(({ pathname }) => pathname), ["/auth/v1/signup", "/auth/v1/resend"]);
      const back = `${app.created.preview_url}/auth/callback?next=${encodeURIComponent("/recipes")}`;
      assert.deepEqual(asked.map(({ searchParams }) => searchParams.get("redirect_to")), [back, back]);
      assertQuiet(other);
    } finally {
      await stranger.close();
    }
  });

  test("is asked for in vain in words", async () => {
    const stranger = await browser.newContext();
    try {
      const other = await openPage(stranger);
      await other.goto(`${app.created.preview_url}/login`);
      const answer = (status, error_code, msg = "said by the server") => (route) => route.fulfill({ status, json: { code: status, error_code, msg } });
      for (const [reply, text] of [
        [answer(503, "PGRST000"), "Accounts do not answer at the moment. Try again in a while."],
        [(route) => route.abort("connectionrefused"), "The app could not be reached. Check your connection and try again."],
        [answer(429, "over_request_rate_limit"), "That was too often. Wait a few minutes and try again."],
        [answer(400, "email_not_confirmed"), "Confirm your e-mail address first: follow the link in the mail that you got."],
        [answer(403, "user_banned"), "This account may not use this app."],
        [answer(403, "signup_disabled", "This app takes invited people only. Ask whoever runs it to invite you."), "This app takes invited people only. Ask whoever runs it to invite you."],
        [answer(422, "signup_disabled", "Signups not allowed for this instance"), "This app takes nobody new by themselves. Ask whoever runs it to invite you."],
      ]) {
        await other.route("**/auth/v1/token*", reply);
        await signIn(other, ADA);
        await refusal(text, other);
        await other.unroute("**/auth/v1/token*");
      }
      assertQuiet(other, /status of (4..|503)|CONNECTION_REFUSED/);
    } finally {
      await stranger.close();
    }
  });

  test("has said nothing to the browser's console but what was refused", () => assertQuiet(page, /status of (400|422|403|401)/));
});
