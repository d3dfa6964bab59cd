// The console as a person uses it: sign in, say what the app is to be, watch it come about, change it, go back.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { signUp } from "../support/account.mjs";
import { RECIPES } from "../support/app.mjs";
import { assertQuiet, launch, openPage } from "../support/browser.mjs";
import { Dns } from "../support/dns.mjs";
import { TURN_MS, until } from "../support/wait.mjs";

/** The picture of the README, made anew with UPDATE_PICTURE=1. */
const PICTURE = path.resolve(import.meta.dirname, "../../docs/console.png");
/** Asking who is signed in is how the console finds out that nobody is; Chromium reports the 401. */
const NOBODY = /status of 401 .*\/v1\/session/;
/** A domain that is none is refused; Chromium reports the 400. */
const REFUSED = /status of 400 .*\/domains/;

let dns;
let stack;
let browser;
let context;
let page;

before(async () => {
  dns = await Dns.start();
  stack = await startStack({ env: { OVERSKILL_VAR_DNS_URL: dns.url } });
  browser = await launch();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await openPage(context);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
  await dns?.stop();
});

/** The `count`th turn's end, as the conversation shows it. */
async function turnFinished(count, outcome = "completed") {
  const ends = page.getByTestId("turn-finished");
  await ends.nth(count - 1).waitFor({ timeout: TURN_MS });
  assert.equal(await ends.nth(count - 1).getAttribute("data-outcome"), outcome);
  assert.equal(await ends.count(), count);
}

/** The app inside the preview's frame. */
const frame = () => page.frameLocator("[data-testid=preview]");

/** Opens the list of recipes from the app's start page, which is what a new preview shows. Whoever is new makes an account for it. */
async function openRecipes({ isNew = false } = {}) {
  await frame().getByRole("main").getByRole("link", { name: "Recipes" }).first().click();
  if (isNew) await signUp(page, { name: "Ada", email: "ada@example.com", password: "first-password" }, frame());
  await frame().getByRole("heading", { level: 1, name: "Recipes" }).waitFor();
}

async function addRecipe(title, ingredients, minutes) {
  await frame().getByRole("link", { name: "New recipe" }).first().click();
  await frame().getByLabel("Title").fill(title);
  await frame().getByLabel("Ingredients").fill(ingredients);
  await frame().getByLabel("Cooking minutes").fill(minutes);
  await frame().getByRole("button", { name: "Save" }).click();
  await frame().getByRole("article", { name: title }).waitFor();
}

async function say(words) {
  await page.getByTestId("prompt").fill(words);
  await page.getByTestId("prompt").press("Enter");
}

/** The app that the address names, as the API knows it. */
async function shownApp() {
  const [, id] = /#\/apps\/([a-z0-9]+)/.exec(page.url()) ?? [];
  return (await stack.api("GET", `/v1/apps/${id}`)).body.app;
}

describe("signing in", () => {
  test("asks for a token, and refuses one that is wrong", async () => {
    const answer = await page.goto(stack.origin);
    assert.equal(answer.status(), 200);
    assert.match(answer.headers()["content-security-policy"], /script-src 'self'/);
    await page.getByTestId("token").fill("hello");
    await page.getByTestId("sign-in").click();
    await page.getByTestId("problem").getByText("That does not look like a token").waitFor();
    await page.getByTestId("token").fill(`osk_local_${"x".repeat(43)}`);
    await page.getByTestId("sign-in").click();
    await page.getByTestId("problem").getByText(/not valid/).waitFor();
    assert.deepEqual(await context.cookies(), []);
  });

  test("by the form opens the console, keeps nothing on the page, and lasts over a reload", async () => {
    page.problems.length = 0;
    await page.getByTestId("token").fill(stack.token);
    await page.getByTestId("sign-in").click();
    await page.getByTestId("new-app").waitFor();
    const secret = stack.token.slice(-43);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]));
    assert.ok(!kept.includes(secret), kept);
    await page.reload();
    await page.getByTestId("new-app").waitFor();
    const [cookie] = await context.cookies(stack.origin);
    assert.deepEqual(
      { name: cookie.name, httpOnly: cookie.httpOnly, secure: cookie.secure, sameSite: cookie.sameSite, path: cookie.path, domain: cookie.domain },
      { name: "__Host-overskill", httpOnly: true, secure: true, sameSite: "Strict", path: "/", domain: "localhost" },
    );
    assertQuiet(page);
  });
});

describe("a prompt", () => {
  test("is worked off before one's eyes", async () => {
    await page.getByTestId("prompt").fill(RECIPES);
    await page.getByTestId("send").click();
    const feed = page.getByTestId("feed");
    await feed.getByText(RECIPES).waitFor();
    await feed.getByText("src/resources/recipes.ts").first().waitFor({ timeout: TURN_MS, state: "attached" });
    await turnFinished(1);
    const app = await shownApp();
    assert.deepEqual([app.status, app.version, app.preview_version], ["ready", 2, 2]);
    await page.getByRole("heading", { level: 1, name: app.name }).waitFor();
    await page.getByTestId("apps").getByText(app.name).waitFor();
  });

  test("shows the running app in a frame of its own origin", async () => {
    const { preview_url: url } = await shownApp();
    await openRecipes({ isNew: true });
    const element = page.getByTestId("preview");
    assert.equal(new URL(await element.getAttribute("src")).origin, url);
    const inside = page.frames().find((one) => one !== page.mainFrame());
    assert.equal(await inside.evaluate(() => location.origin), url);
    assert.equal(await page.evaluate(() => document.querySelector("[data-testid=preview]").contentDocument), null);
    await assert.rejects(inside.evaluate(() => parent.document.title), /SecurityError|cross-origin/i);
  });

  test("is a picture for the README", async () => {
    await addRecipe("Minestrone", "Beans, celery, carrots and a crust of parmesan", "45");
    await addRecipe("Bircher muesli", "Oats, an apple, yoghurt and hazelnuts", "10");
    assert.equal(await page.locator(".stage-area").evaluate((area) => area.scrollTop), 0, "what is typed into the frame does not push the bar out of sight");
    await page.getByTestId("feed").getByText("Defined tables").first().waitFor();
    const wanted = process.env.UPDATE_PICTURE === "1";
    if (wanted) await until("the notes to go", async () => (await frame().getByText("Recipe saved").count()) === 0);
    const picture = await page.screenshot({ animations: "disabled", path: wanted ? PICTURE : undefined });
    assert.ok(picture.length > 20_000, "there is something on it");
  });

  test("later changes the app in the frame", async () => {
    await say("add a rating from 1 to 5 to recipes");
    await turnFinished(2);
    await openRecipes();
    await frame().getByRole("link", { name: "New recipe" }).first().click();
    await frame().getByRole("radiogroup", { name: "Rating" }).waitFor();
    assert.equal((await shownApp()).preview_version, 3);
  });

  test("that is not understood says so and leaves the app alone", async () => {
    await say("write me a poem about the sea");
    await turnFinished(3);
    await page.getByTestId("feed").getByText(/did not understand/i).first().waitFor();
    const app = await shownApp();
    assert.deepEqual([app.version, app.preview_version], [3, 3]);
  });

  test("that is too long cannot be sent, and is not lost", async () => {
    const box = page.getByTestId("prompt");
    await box.fill("x".repeat(64 * 1024 + 1));
    await page.getByText(/over the limit/).waitFor();
    assert.equal(await page.getByTestId("send").isDisabled(), true);
    await box.press("Enter");
    assert.equal((await box.inputValue()).length, 64 * 1024 + 1);
    await box.fill("");
    assert.equal(await page.getByTestId("turn-finished").count(), 3);
  });
});

describe("the history", () => {
  test("restores an earlier version when that is confirmed", async () => {
    await page.getByTestId("tab-versions").click();
    const versions = page.getByTestId("versions");
    await versions.getByRole("listitem").nth(2).waitFor();
    assert.equal(await versions.getByRole("listitem").count(), 3);
    await page.getByTestId("restore-2").click();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal((await shownApp()).version, 3);
    await page.getByTestId("restore-2").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("restore-3").waitFor();
    await versions.locator("[aria-current=true]").getByText("Restored version 2").waitFor({ timeout: TURN_MS });
    const app = await shownApp();
    assert.deepEqual([app.version, app.preview_version, app.status], [4, 4, "ready"]);

    await page.getByTestId("tab-preview").click();
    await openRecipes();
    await frame().getByRole("link", { name: "New recipe" }).first().click();
    await frame().getByLabel("Title").waitFor();
    assert.equal(await frame().getByRole("radiogroup", { name: "Rating" }).count(), 0);
  });

  test("leads to an address for others: staging, production, and back", async () => {
    await page.getByTestId("tab-publish").click();
    const site = (environment) => page.getByTestId(`site-${environment}`);
    await page.getByTestId("deploy-staging").click();
    await page.getByTestId("confirm").click();
    // What is under way says more than the version.
    await site("staging").getByText("Version 4", { exact: true }).waitFor({ timeout: TURN_MS });
    await page.getByTestId("feed").getByText("Built version 4 for production").waitFor();
    await page.getByTestId("deploy-production").getByText("Promote version 4").click();
    await page.getByTestId("confirm").click();
    await site("production").getByText("Version 4", { exact: true }).waitFor({ timeout: TURN_MS });

    const weight = page.getByTestId("weight-production");
    await weight.getByText(/^Script \d+ KB of 900 KB$/).click();
    await weight.getByText("Healthy", { exact: true }).waitFor();
    await weight.getByRole("listitem").filter({ hasText: "react-dom" }).getByText(/^\d+ KB$/).waitFor();
    if (process.env.LOOK)
      for (const [name, width, colorScheme] of [["weight", 1440, "light"], ["weight-dark", 1440, "dark"], ["weight-phone", 375, "light"]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: `${process.env.LOOK}/${name}.png` });
      }
    await page.setViewportSize({ width: 1440, height: 900 });
    await weight.getByText(/^Script /).click();

    await page.getByTestId("add-variable").click();
    await page.getByLabel("Environment").selectOption("production");
    await page.getByLabel("Name", { exact: true }).fill("GREETING");
    await page.getByLabel("Value").fill("hello </script>");
    await page.getByTestId("save-variable").click();
    await page.getByTestId("variables").getByText("hello </script>").waitFor();
    for (const [kind, value, shown] of [["Secret", "nobody-sees-this", "Secret, set"], ["Allowed hosts", "api.example.com, *.example.org", "api.example.com *.example.org"]]) {
      await page.getByTestId("add-variable").click();
      await page.getByLabel("Kind").selectOption(kind);
      if (kind === "Secret") await page.getByLabel("Name", { exact: true }).fill("API_KEY");
      await page.getByLabel("Value").fill(value);
      if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/variable.png` });
      await page.getByTestId("save-variable").click();
      await page.getByTestId("variables").getByText(shown).waitFor();
    }
    assert.equal(await page.getByText("nobody-sees-this").count(), 0);

    const address = await site("production").getByRole("link").getAttribute("href");
    const visitor = await openPage(await browser.newContext());
    await visitor.goto(address);
    await visitor.getByRole("main").getByRole("link", { name: "Recipes" }).first().waitFor();
    assert.deepEqual(await visitor.evaluate(() => JSON.parse(document.getElementById("overskill-config").textContent).variables), { GREETING: "hello </script>" });
    await visitor.goto(`${address}/recipes`);
    await visitor.getByRole("heading", { level: 1 }).first().waitFor();
    assertQuiet(visitor);
    await visitor.context().close();

    await page.getByTestId("deploy-production").click();
    await page.getByTestId("confirm").click();
    await page.getByTestId("roll-back-d2").click({ timeout: TURN_MS });
    await page.getByTestId("confirm").click();
    await page.getByTestId("deployments").getByText("Back to d2, in production").waitFor({ timeout: TURN_MS });
    await page.getByTestId("deployments").getByRole("listitem").first().getByText("Live", { exact: true }).waitFor({ timeout: TURN_MS });
    if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/publish.png` });
    if (process.env.LOOK) {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.screenshot({ path: `${process.env.LOOK}/publish-phone.png` });
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    await page.getByTestId("tab-preview").click();
  });

  test("waits for an approval where one is wanted, and takes it or does without", async () => {
    await page.getByTestId("tab-publish").click();
    const box = page.getByTestId("approval-staging");
    await box.click();
    await page.getByTestId("confirm").click();
    await page.locator("[data-testid=approval-staging]:checked").waitFor();
    const { id } = await shownApp();
    const { body: { secret } } = await stack.api("POST", "/v1/tokens", { name: "colleague" });
    const deployments = page.getByTestId("deployments").getByRole("listitem");
    for (const [decision, tag] of [["approve", "Live"], ["reject", "Rejected"]]) {
      const asked = await stack.api("POST", `/v1/apps/${id}/deployments`, { environment: "staging" }, { authorization: `Bearer ${secret}` });
      assert.equal(asked.status, 202, asked.text);
      const shown = deployments.filter({ hasText: asked.body.deployment.id });
      await shown.getByText("Awaits approval", { exact: true }).waitFor();
      if (process.env.LOOK) await page.screenshot({ path: `${process.env.LOOK}/${decision}.png` });
      await page.getByTestId(`${decision}-${asked.body.deployment.id}`).click();
      await page.getByTestId("confirm").click();
      await shown.getByText(tag, { exact: true }).waitFor({ timeout: TURN_MS });
      assert.equal(await shown.getByText("approved by").count(), decision === "approve" ? 1 : 0);
    }
    await box.click();
    await page.getByTestId("confirm").click();
    await page.locator("[data-testid=approval-staging]:not(:checked)").waitFor();
    await page.getByTestId("tab-preview").click();
  });

  test("leads a domain of one's own to it, and says what to set for that", async () => {
    const host = "www.recipes-of-ada.com";
    await page.getByTestId("tab-publish").click();
    const domain = page.getByTestId(`domain-${host}`);
    const add = async (name) => {
      await page.getByTestId("add-domain").click();
      await page.getByLabel("Domain, such as").fill(name);
      await page.getByTestId("confirm").click();
    };
    await add("https://recipes.com");
    await page.getByRole("dialog").getByText("a domain is a host name such as").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await add(host);
    await domain.getByText("Waits for its records").waitFor();
    await domain.getByText(`There is no TXT record \`_overskill.${host}\` yet.`).waitFor();
    if (process.env.LOOK) {
      await page.screenshot({ path: `${process.env.LOOK}/domain.png` });
      await page.setViewportSize({ width: 390, height: 844 });
      await page.screenshot({ path: `${process.env.LOOK}/domain-phone.png` });
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    // What stands there is what is set.
    const [proofName, proof, name, target] = await domain.locator("code").allTextContents();
    Object.assign(dns.records, { [proofName]: { TXT: [proof] }, [name]: { CNAME: target } });
    await page.getByTestId(`check-${host}`).click();
    await domain.getByText("Active", { exact: true }).waitFor();
    assert.equal(await domain.getByRole("link", { name: host }).getAttribute("href"), `http://${host}:${stack.port}`);
    assert.equal((await stack.request("/", { host: `${host}:${stack.port}` })).status, 200);
    await page.getByRole("button", { name: `Remove ${host}` }).click();
    await page.getByTestId("confirm").click();
    await domain.waitFor({ state: "detached" });
    await page.getByTestId("tab-preview").click();
  });

  test("is all there after a reload", async () => {
    await page.reload();
    await turnFinished(3);
    await page.getByTestId("feed").getByText(RECIPES).waitFor();
    await page.locator("[data-testid=connection][data-state=live]").waitFor({ state: "attached" });
  });

  test("goes on when the server was away", async () => {
    const dead = stack.killWorker();
    await stack.waitHealthy({ not: dead });
    await page.locator("[data-testid=connection][data-state=live]").waitFor({ state: "attached", timeout: 30_000 });
    await say("What fields do recipes have?");
    await turnFinished(4);
  });
});

describe("leaving", () => {
  test("finds a quiet browser console", () => {
    // While the server is away, requests fail; that is what the browser reports then.
    assertQuiet(page, new RegExp(`${NOBODY.source}|${REFUSED.source}|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING`));
  });

  test("signs out for good", async () => {
    await page.getByTestId("sign-out").click();
    await page.getByTestId("token").waitFor();
    assert.deepEqual(await context.cookies(stack.origin), []);
    await page.goto(stack.origin);
    await page.getByTestId("token").waitFor();
  });
});
