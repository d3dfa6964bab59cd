// A generated app as a person uses it, and how far apart two of them are.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { mailsTo, signIn, signOut, signUp } from "../support/account.mjs";
import { App } from "../support/app.mjs";
import { assertQuiet, launch, openPage } from "../support/browser.mjs";

const ADA = { name: "Ada", email: "ada@example.com", password: "a horse named correct" };
const BOB = { name: "Bob", email: "bob@example.com", password: "a battery named staple" };
const FACTS = { title: "Minestrone", ingredients: "Beans, celery,\nand a crust of parmesan", minutes: "45" };

let stack;
let browser;
let recipes;
let projects;

before(async () => {
  stack = await startStack();
  [recipes, projects, browser] = await Promise.all([
    App.create(stack),
    App.create(stack, "projects (name, deadline) and tasks (title, done, project)"),
    launch(),
  ]);
  await Promise.all([recipes.completed(), projects.completed()]);
});

after(async () => {
  await browser?.close();
  recipes?.close();
  projects?.close();
  await stack?.stop();
});

const LISTS = `import type { Resource } from "@/lib/resource"

const fields: Resource["fields"] = [
  { name: "title", label: "Title", kind: "text", required: true },
  { name: "why", label: "Why", kind: "long_text" },
]

export const tips: Resource = { table: "tips", access: "public_read", singular: "tip", plural: "tips", path: "tips", titleField: "title", fields }
export const notices: Resource = { table: "notices", access: "app_read", singular: "notice", plural: "notices", path: "notices", titleField: "title", fields, examples: [{ title: "Welcome", why: "So that there is something to read." }, { title: "Menu" }] }
`;
const PAGES = `import { ResourceDetailPage } from "@/components/resource/ResourceDetailPage"
import { ResourceFormPage } from "@/components/resource/ResourceFormPage"
import { ResourceListPage } from "@/components/resource/ResourceListPage"
import { notices, tips } from "@/resources/lists"

export const TipsPage = () => <ResourceListPage resource={tips} />
export const TipPage = () => <ResourceDetailPage resource={tips} />
export const TipFormPage = () => <ResourceFormPage resource={tips} />
export const NoticesPage = () => <ResourceListPage resource={notices} />
export const NoticePage = () => <ResourceDetailPage resource={notices} />
export const NoticeFormPage = () => <ResourceFormPage resource={notices} />
`;
const ROUTES = ["tips", "notices"].map((path) => {
  const one = path === "tips" ? "Tip" : "Notice";
  const form = `${one}FormPage key=`;
  return [["", `${one}sPage`], ["/new", `${form}"new"`], ["/:id", `${one}Page`], ["/:id/edit", `${form}"edit"`]]
    .map(([rest, page]) => `  { path: "${path}${rest}", element: <${page} /> },\n`).join("");
}).join("");

/** Follows a link of the main navigation. */
const follow = (page, name) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();

const article = (page, name) => page.getByRole("article", { name });

/** How many rows the list of recipes shows. */
const shown = (page) => page.getByRole("article").count();

/** Nothing is to be scrolled sideways. */
async function fits(page, what) {
  const [inside, wide] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(inside <= wide, `${what} is ${inside} pixels wide on ${wide}`);
}

/** How the page looks: by its class, and by the colours that are seen. */
function look(page) {
  return page.evaluate(() => {
    const shade = (colour) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
      return (red + green + blue) / 3 < 96 ? "dark" : (red + green + blue) / 3 > 160 ? "light" : `${red},${green},${blue}`;
    };
    const { backgroundColor, color } = getComputedStyle(document.body);
    return { dark: document.documentElement.classList.contains("dark"), ground: shade(backgroundColor), ink: shade(color) };
  });
}

async function addRecipe(page, title, ingredients, minutes) {
  await page.bringToFront();
  await page.getByRole("link", { name: "New recipe" }).first().click();
  await page.getByRole("heading", { level: 1, name: "New recipe" }).waitFor();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Ingredients").fill(ingredients);
  await page.getByLabel("Cooking minutes").fill(minutes);
  await page.getByRole("button", { name: "Save" }).click();
  await article(page, title).waitFor();
}

describe("the recipe box", () => {
  let context;
  let page;

  before(async () => {
    context = await browser.newContext();
    page = await openPage(context);
  });
  after(() => context?.close());

  test("opens at its own address, with its name", async () => {
    const answer = await page.goto(recipes.created.preview_url);
    assert.equal(answer.status(), 200);
    const { name } = await recipes.show();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    assert.ok((await page.title()).includes(name), `${await page.title()} is of ${name}`);
  });

  test("asks who somebody is before it shows what is theirs, and then does", async () => {
    await follow(page, "Recipes");
    await signUp(page, ADA);
    await page.getByRole("heading", { level: 1, name: "Recipes" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/recipes");
    await page.getByText("No recipes yet").waitFor();
    assert.equal(await shown(page), 0);
  });

  test("refuses a record without a title and says so at the field", async () => {
    await page.getByRole("link", { name: "New recipe" }).first().click();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Title is required.").waitFor();
    assert.equal(await page.getByLabel("Title").getAttribute("aria-invalid"), "true");
    await page.getByLabel("Title").fill("x");
    await page.getByLabel("Cooking minutes").fill("-1");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Enter 0 or more.").waitFor();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("heading", { level: 1, name: "Recipes" }).waitFor();
    assert.equal(await shown(page), 0);
  });

  test("keeps records that are created, over a reload", async () => {
    await addRecipe(page, FACTS.title, FACTS.ingredients, FACTS.minutes);
    await addRecipe(page, "Porridge", "Oats", "10");
    assert.equal(await shown(page), 2);
    await page.reload();
    await article(page, FACTS.title).waitFor();
    assert.equal(await shown(page), 2);
    const text = await article(page, FACTS.title).innerText();
    assert.match(text, /45/);
    assert.match(text, /celery/);
  });

  test("changes a record", async () => {
    await page.getByRole("link", { name: "Edit Porridge" }).click();
    await page.getByRole("heading", { level: 1, name: "Edit recipe" }).waitFor();
    assert.equal(await page.getByLabel("Ingredients").inputValue(), "Oats");
    await page.getByLabel("Title").fill("Bircher muesli");
    await page.getByLabel("Cooking minutes").fill("5");
    await page.getByRole("button", { name: "Save" }).click();
    await article(page, "Bircher muesli").waitFor();
    assert.equal(await shown(page), 2);
    assert.equal(await page.getByText("Porridge").count(), 0);
    await page.getByRole("link", { name: "Edit Bircher muesli" }).click();
    await page.waitForURL(/\/recipes\/[^/]+\/edit$/);
    assert.equal(await page.getByLabel("Cooking minutes").inputValue(), "5");
    await page.goBack();
  });

  test("has a page for each record, from which it is changed and deleted", async () => {
    await addRecipe(page, "Borscht", `${"Beetroot, then more beetroot.\n".repeat(12)}Dill`, "70");
    await article(page, "Borscht").getByRole("link", { name: "Borscht", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Borscht" }).waitFor();
    await page.waitForURL(/\/recipes\/[^/]+$/);
    assert.match(await page.title(), /^Borscht · /);
    const shows = (term) => page.locator("dt", { hasText: term }).locator("xpath=..").locator("dd").innerText();
    assert.match(await shows("Ingredients"), /Dill$/, "a long text is all there");
    assert.match(await shows("Cooking minutes"), /^70/);
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByLabel("Cooking minutes").fill("75");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "Borscht" }).waitFor();
    assert.match(await shows("Cooking minutes"), /^75/);
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("heading", { level: 1, name: "Borscht" }).waitFor();
    const address = page.url();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Recipes" }).waitFor();
    await article(page, "Bircher muesli").waitFor();
    assert.equal(await shown(page), 2);
    await page.goto(address);
    await page.getByRole("heading", { level: 1, name: "No such recipe" }).waitFor();
    await page.getByRole("link", { name: "All recipes" }).click();
    await article(page, "Bircher muesli").waitFor();
  });

  test("finds a record by a word of it", async () => {
    const box = page.getByRole("searchbox", { name: "Search recipes" });
    await box.fill("CELERY");
    await article(page, "Bircher muesli").waitFor({ state: "detached" });
    assert.equal(await shown(page), 1);
    assert.ok(await article(page, FACTS.title).isVisible());
    await box.fill("no such words");
    await article(page, FACTS.title).waitFor({ state: "detached" });
    assert.equal(await shown(page), 0);
    await box.fill("");
    await article(page, "Bircher muesli").waitFor();
    assert.equal(await shown(page), 2);
  });

  test("deletes a record when that is confirmed, and not before", async () => {
    const remove = page.getByRole("button", { name: "Delete Bircher muesli" });
    const dialog = page.getByRole("alertdialog");
    await remove.click();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await shown(page), 2);
    await remove.click();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await article(page, "Bircher muesli").waitFor({ state: "detached" });
    assert.equal(await shown(page), 1);
    await page.reload();
    await article(page, FACTS.title).waitFor();
    assert.equal(await shown(page), 1);
  });

  test("shows another tab what was changed, and both that somebody signed out", async () => {
    const other = await openPage(context);
    await other.goto(`${recipes.created.preview_url}/recipes`);
    await article(other, FACTS.title).waitFor();
    await addRecipe(page, "Goulash", "Paprika", "90");
    await article(other, "Goulash").waitFor();
    await signOut(page);
    await other.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
    await signIn(other, ADA);
    await article(other, "Goulash").waitFor();
    await page.goto(`${recipes.created.preview_url}/recipes`);
    await article(page, "Goulash").waitFor();
    assertQuiet(other);
    await other.close();
  });

  test("believes another tab's word of a session when the session is there, and not while somebody leaves", async () => {
    const context = await browser.newContext();
    try {
      const here = await openPage(context);
      await here.goto(`${recipes.created.preview_url}/recipes`);
      await signIn(here, ADA);
      await article(here, "Goulash").waitFor();
      await follow(here, "Home");
      await here.getByRole("link", { name: /Recipes/ }).first().waitFor();
      const key = await here.evaluate(() => Object.keys(localStorage).find((name) => name.endsWith("-session")));
      const session = await here.evaluate((name) => localStorage.getItem(name), key);
      const word = await context.newPage();
      await word.goto(`${recipes.created.preview_url}/favicon.svg`);
      const say = async () => {
        const heard = here.evaluate((name) => new Promise((done) => new BroadcastChannel(name).addEventListener("message", () => setTimeout(done, 200))), key);
        // By the time of this answer, it listens.
        await here.evaluate(() => 0);
        await word.evaluate(([name, text]) => new BroadcastChannel(name).postMessage({ event: "SIGNED_IN", session: JSON.parse(text) }), [key, session]);
        await heard;
      };
      const asked = [];
      let out;
      const leaving = new Promise((seen) => {
        void here.route("**/auth/v1/logout*", async (route) => {
          seen();
          await new Promise((go) => (out = go));
          await route.continue();
        });
      });
      const left = signOut(here);
      await leaving;
      here.on("request", (request) => request.url().includes("/rest/v1/") && asked.push(request.url()));
      await say();
      assert.deepEqual(asked, [], "asked for by whoever leaves");
      out();
      await left;
      await say();
      assert.deepEqual(asked, [], "asked for without a session");
      assert.equal(await here.getByRole("button", { name: "Account" }).count(), 0);
      await here.unroute("**/auth/v1/logout*");

      // The session that another tab has stored, whose word came before.
      const { other, token } = await word.evaluate(async ({ email, password, api }) => {
        const answer = await fetch("/auth/v1/token?grant_type=password", {
          method: "POST", headers: { apikey: api, "content-type": "application/json" }, body: JSON.stringify({ email, password }),
        });
        return { other: answer.status, token: await answer.text() };
      }, { ...ADA, api: `sb_publishable_${recipes.id}` });
      assert.equal(other, 200, token);
      await word.evaluate(([name, text]) => localStorage.setItem(name, text), [key, token]);
      await here.getByRole("button", { name: "Account" }).waitFor();
      assertQuiet(here);
    } finally {
      await context.close();
    }
  });

  test("says in words what the database refuses, and takes back what it showed", async () => {
    const rows = "**/rest/v1/app_*";
    const unavailable = { status: 503, json: { code: "PGRST000", message: "The app's database does not answer.", details: null, hint: null } };
    const other = await openPage(context);
    await other.goto(`${recipes.created.preview_url}/recipes`);
    await article(other, "Goulash").waitFor();
    let refuse;
    const asked = new Promise((seen) => {
      void other.route(rows, async (route) => {
        if (route.request().method() !== "DELETE") return route.continue();
        seen();
        await new Promise((go) => (refuse = go));
        await route.fulfill({ status: 403, json: { code: "42501", message: "permission denied for table x", details: null, hint: null } });
      });
    });
    await other.getByRole("button", { name: "Delete Goulash" }).click();
    await other.getByRole("alertdialog").getByRole("button", { name: "Delete", exact: true }).click();
    await asked;
    await article(other, "Goulash").waitFor({ state: "detached" });
    refuse();
    await article(other, "Goulash").waitFor();
    await other.getByText("You are not allowed to do this.").waitFor();

    await other.unroute(rows);
    await other.route(rows, (route) => route.fulfill(unavailable));
    await other.reload();
    await other.getByRole("heading", { level: 1, name: "The recipes could not be read" }).waitFor();
    await other.getByText("The app's database does not answer.").waitFor();
    await other.unroute(rows);
    await other.route(rows, (route) => route.abort("connectionrefused"));
    await other.getByRole("button", { name: "Try again" }).click();
    await other.getByText("The app could not be reached. Check your connection and try again.").waitFor();
    await other.unroute(rows);
    await other.getByRole("button", { name: "Try again" }).click();
    await article(other, "Goulash").waitFor();

    await other.route(rows, (route) => route.fulfill({ status: 401, json: { code: "PGRST303", message: "JWT expired", details: null, hint: null } }));
    await other.reload();
    await other.getByText("Your session has ended. Sign in again.").first().waitFor();
    await other.unroute(rows);
    await signIn(other, ADA);
    await article(other, "Goulash").waitFor();
    assertQuiet(other, /status of (403|503|401)|CONNECTION_REFUSED/);
    await other.close();
    await page.reload();
    await article(page, "Goulash").waitFor();
  });

  test("shows who comes from elsewhere nothing of it, not even that it is there", async () => {
    const stranger = await browser.newContext();
    try {
      const theirs = await openPage(stranger);
      await page.getByRole("link", { name: "Edit Goulash" }).click();
      await page.waitForURL(/\/recipes\/[^/]+\/edit$/);
      const address = page.url();
      await page.goBack();
      await theirs.goto(address);
      await signUp(theirs, BOB);
      await theirs.getByRole("heading", { level: 1, name: "No such recipe" }).waitFor();
      await theirs.goto(address.replace(/\/edit$/, ""));
      await theirs.getByRole("heading", { level: 1, name: "No such recipe" }).waitFor();
      await follow(theirs, "Recipes");
      await theirs.getByText("No recipes yet").waitFor();
      await theirs.goto(`${recipes.created.preview_url}/recipes/nonsense`);
      await theirs.getByRole("heading", { level: 1, name: "No such recipe" }).waitFor();
      assertQuiet(theirs, /status of 400/);
    } finally {
      await stranger.close();
    }
  });

  test("has a page for an address that is none of its own", async () => {
    const answer = await page.goto(`${recipes.created.preview_url}/no/such/page`);
    assert.equal(answer.status(), 200);
    await page.getByRole("heading", { level: 1, name: /not found|no page|no such/i }).waitFor();
  });

  test("is dark where that is preferred, and stays as it was chosen", async () => {
    const context = await browser.newContext({ colorScheme: "dark" });
    try {
      const dark = await openPage(context);
      await dark.goto(recipes.created.preview_url);
      await dark.getByRole("heading", { level: 1 }).waitFor();
      assert.deepEqual(await look(dark), { dark: true, ground: "dark", ink: "light" });
      assert.deepEqual(await look(page), { dark: false, ground: "light", ink: "dark" });
      await dark.getByRole("button", { name: "Theme" }).click();
      await dark.getByRole("menuitemradio", { name: "Light" }).click();
      await dark.reload();
      await dark.getByRole("heading", { level: 1 }).waitFor();
      assert.deepEqual(await look(dark), { dark: false, ground: "light", ink: "dark" });
      assertQuiet(dark);
    } finally {
      await context.close();
    }
  });

  test("is good on a phone: list, form, record, menu", async () => {
    const phone = await browser.newContext({ viewport: { width: 375, height: 700 }, colorScheme: "dark", hasTouch: true, isMobile: true });
    try {
      const small = await openPage(phone);
      await small.goto(`${recipes.created.preview_url}/recipes`);
      await fits(small, "the way in");
      await signUp(small, { email: "phone@example.com", password: "phones have small keys" });
      await small.getByRole("heading", { level: 1, name: "Recipes" }).waitFor();
      await fits(small, "the empty list");
      const long = "Buttermilk pancakes with caramelised apples, the way grandmother made them on Sundays";
      await small.getByRole("link", { name: "New recipe" }).first().click();
      await small.getByLabel("Title").waitFor();
      await fits(small, "the form");
      await small.getByRole("button", { name: "Save" }).click();
      await small.getByText("Title is required.").waitFor();
      await fits(small, "the form with what is wrong");
      await small.getByLabel("Title").fill(long);
      await small.getByLabel("Ingredients").fill("x".repeat(200));
      await small.getByRole("button", { name: "Save" }).click();
      await article(small, long).waitFor();
      await fits(small, "the list");
      for (const name of [`Edit ${long}`, `Delete ${long}`]) {
        const { width, height } = await small.getByLabel(name).boundingBox();
        assert.ok(Math.min(width, height) >= 32, `${name} is ${width} × ${height}`);
      }
      await article(small, long).getByRole("link", { name: long, exact: true }).click();
      await small.getByRole("heading", { level: 1, name: long }).waitFor();
      await fits(small, "the record");
      await small.getByRole("button", { name: "Open menu" }).click();
      await small.getByRole("dialog").getByRole("link", { name: "Home" }).click();
      await small.waitForURL(`${recipes.created.preview_url}/`);
      assert.equal((await look(small)).dark, true);
      assertQuiet(small);
    } finally {
      await phone.close();
    }
  });

  test("has said nothing to the browser's console", () => assertQuiet(page));
});

describe("things that refer to each other", () => {
  test("are chosen from what there is, and shown by name", async () => {
    const context = await browser.newContext();
    try {
      const page = await openPage(context);
      await page.goto(`${projects.created.preview_url}/projects/new`);
      await signUp(page, { email: "gardener@example.com", password: "green fingers, both hands" });
      await page.getByLabel("Name").fill("Garden");
      await page.getByLabel("Deadline").fill("2026-11-30");
      await page.getByRole("button", { name: "Save" }).click();
      await article(page, "Garden").waitFor();
      await follow(page, "Tasks");
      await page.getByRole("link", { name: "New task" }).first().click();
      await page.getByLabel("Title").fill("Plant tulips");
      await page.getByRole("combobox", { name: "Project" }).selectOption({ label: "Garden" });
      await page.getByRole("button", { name: "Save" }).click();
      await article(page, "Plant tulips").getByText("Garden").waitFor();
      await page.getByRole("link", { name: "Plant tulips", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Plant tulips" }).waitFor();
      await page.getByRole("link", { name: "Garden", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Garden" }).waitFor();
      const tasks = page.getByRole("region", { name: "Tasks" });
      await tasks.getByRole("link", { name: "Plant tulips" }).waitFor();
      await tasks.getByRole("link", { name: "New task" }).click();
      await page.getByLabel("Title").fill("Rake leaves");
      await page.getByRole("combobox", { name: "Project" }).locator("option:checked", { hasText: "Garden" }).waitFor({ state: "attached" });
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("heading", { level: 1, name: "Garden" }).waitFor();
      await tasks.getByRole("link", { name: "Rake leaves" }).waitFor();
      assertQuiet(page);
    } finally {
      await context.close();
    }
  });
});

describe("what everyone may read", () => {
  let tips;

  before(async () => {
    tips = await App.create(stack, "what can you do?");
    await tips.completed();
    await tips.settled();
    const columns = [{ name: "title", type: "text" }, { name: "why", type: "text" }];
    const tables = [{ name: "tips", access: "public_read", realtime: true, columns }, { name: "notices", access: "app_read", realtime: true, columns }];
    const made = await tips.api("POST", "/tables", { tables });
    assert.equal(made.status, 200, made.text);
    await write("src/resources/lists.ts", LISTS);
    await change("src/app/tables.ts", "]\n", '"tips", "notices"');
    await write("src/pages/Lists.tsx", PAGES);
    await change("src/app/navigation.ts", "  // Navigation of this app", '  { label: "Tips", to: "/tips", table: "tips", access: "public_read" },\n  { label: "Notices", to: "/notices", table: "notices", access: "app_read" },\n');
    await change("src/app/routes.tsx", "  // Routes of this app", ROUTES);
    const { version } = await change("src/app/routes.tsx", "// Page imports of this app", 'import { NoticeFormPage, NoticePage, NoticesPage, TipFormPage, TipPage, TipsPage } from "@/pages/Lists"\n');
    await tips.live(version);
  });
  after(() => tips?.close());

  async function write(path, text, etag) {
    return tips.write(path, text, etag);
  }
  async function change(path, before, added) {
    const { text, etag } = await tips.read(path);
    assert.ok(text.includes(before), path);
    return write(path, text.replace(before, added + before), etag);
  }
  const open = async (context, path) => {
    const page = await openPage(context);
    await page.goto(tips.created.preview_url + path);
    return page;
  };
  async function add(page, name, title) {
    await page.getByRole("link", { name: `New ${name}` }).first().click();
    await page.getByRole("textbox", { name: "Title" }).fill(title);
    await page.getByRole("button", { name: "Save" }).click();
    await article(page, title).waitFor();
  }

  test("is read by visitors, who are asked to sign in to add to it; only its own user changes a record", async () => {
    const [ada, bob, nobody] = await Promise.all([1, 2, 3].map(() => browser.newContext()));
    try {
      const visitor = await open(nobody, "/tips");
      await visitor.getByText("Everyone on the internet can read these.").waitFor();
      await visitor.getByText("No tips yet").waitFor();
      assert.equal(await visitor.getByRole("link", { name: "New tip" }).count(), 0);

      const hers = await open(ada, "/tips");
      await hers.getByRole("main").getByRole("link", { name: "Sign in to add" }).click();
      await signUp(hers, { email: "ada@tips.example", password: ADA.password });
      await hers.getByRole("heading", { level: 1, name: "New tip" }).waitFor();
      await hers.getByText("Everyone on the internet can read these.").waitFor();
      await hers.getByRole("link", { name: "Cancel" }).click();
      await add(hers, "tip", "Salt the water");
      await hers.getByRole("link", { name: "Edit Salt the water" }).waitFor();

      await visitor.reload();
      await article(visitor, "Salt the water").waitFor();
      assert.equal(await visitor.getByRole("main").getByRole("button", { name: /Salt the water/ }).count(), 0);
      await visitor.getByRole("main").getByRole("link", { name: /Salt the water/ }).click();
      await visitor.getByRole("heading", { level: 1, name: "Salt the water" }).waitFor();
      for (const [role, name] of [["link", "Edit"], ["button", "Delete"]]) assert.equal(await visitor.getByRole("main").getByRole(role, { name }).count(), 0);
      await visitor.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Home" }).click();
      await visitor.getByText("1 record", { exact: true }).waitFor();

      const his = await open(bob, "/tips");
      await article(his, "Salt the water").waitFor();
      await his.getByRole("main").getByRole("link", { name: "Sign in to add" }).click();
      await signUp(his, { email: "bob@tips.example", password: BOB.password });
      await his.getByRole("link", { name: "Cancel" }).click();
      await article(his, "Salt the water").waitFor();
      await add(his, "tip", "Warm the plates");
      assert.equal(await his.getByRole("button", { name: "Delete Salt the water" }).count(), 0);
      await his.getByRole("button", { name: "Delete Warm the plates" }).waitFor();
      await hers.getByRole("link", { name: "Edit Salt the water" }).click();
      await hers.waitForURL(/\/tips\/[^/]+\/edit$/);
      await his.goto(hers.url());
      await his.getByRole("heading", { level: 1, name: "This tip is not yours" }).waitFor();

      await follow(his, "Notices");
      await his.getByText("Everyone who has an account in this app can read these.").waitFor();
      await his.getByRole("button", { name: "Add examples" }).click();
      await his.getByText("2 notices added").waitFor();
      await article(his, "Welcome").getByText("So that there is something to read.").waitFor();
      await article(his, "Menu").waitFor();
      assert.equal(await his.getByRole("button", { name: "Add examples" }).count(), 0);
      await add(his, "notice", "Kitchen closed");
      await follow(hers, "Notices");
      await article(hers, "Kitchen closed").waitFor();
      assert.equal(await hers.getByRole("button", { name: "Delete Kitchen closed" }).count(), 0);
      await follow(visitor, "Notices");
      await visitor.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
      for (const page of [visitor, hers, his]) assertQuiet(page);
    } finally {
      await Promise.all([ada, bob, nobody].map((context) => context.close()));
    }
  });

  test("is shown at once to everybody who may read it when somebody else changes it", async () => {
    const [ada, bob, nobody] = await Promise.all([1, 2, 3].map(() => browser.newContext()));
    /** Nothing but word of it makes a page ask again. */
    const stays = async (page) => {
      await page.evaluate(() => Object.defineProperty(document, "visibilityState", { get: () => "hidden" }));
      return page;
    };
    try {
      const visitor = await stays(await open(nobody, "/tips"));
      await article(visitor, "Salt the water").waitFor();
      const hers = await open(ada, "/login");
      await signIn(hers, { email: "ada@tips.example", password: ADA.password });
      await follow(hers, "Notices");
      await article(await stays(hers), "Kitchen closed").waitFor();
      const his = await open(bob, "/login");
      await signIn(his, { email: "bob@tips.example", password: BOB.password });

      await follow(his, "Notices");
      await add(his, "notice", "Fire drill");
      await article(hers, "Fire drill").waitFor();
      await follow(his, "Tips");
      await add(his, "tip", "Boil it twice");
      await article(visitor, "Boil it twice").waitFor();
      await his.getByRole("link", { name: "Edit Boil it twice" }).click();
      await his.getByRole("textbox", { name: "Title" }).fill("Boil it once");
      await his.getByRole("button", { name: "Save" }).click();
      await article(visitor, "Boil it once").waitFor();
      await his.getByRole("button", { name: "Delete Boil it once" }).click();
      await his.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      await article(visitor, "Boil it once").waitFor({ state: "detached" });

      // Who signs out hears what is left to them.
      await signOut(hers);
      await follow(hers, "Tips");
      await article(hers, "Salt the water").waitFor();
      await add(his, "tip", "Taste it");
      await article(hers, "Taste it").waitFor();
      await his.getByRole("button", { name: "Delete Taste it" }).click();
      await his.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      await article(hers, "Taste it").waitFor({ state: "detached" });
      for (const page of [visitor, hers, his]) assertQuiet(page);
    } finally {
      await Promise.all([ada, bob, nobody].map((context) => context.close()));
    }
  });

  test("is loaded a thousand at a time, and says that there are more", async () => {
    const context = await browser.newContext();
    try {
      const { url, secret_key } = stack.shard();
      const headers = { apikey: secret_key, authorization: `Bearer ${secret_key}`, "content-type": "application/json", prefer: "return=representation" };
      const [{ user_id }] = await (await fetch(`${url}/rest/v1/app_${tips.id}_tips?select=user_id&limit=1`, { headers })).json();
      const rows = Array.from({ length: 1_100 }, (_, number) => ({ title: `Tip number ${number}`, user_id }));
      const filled = await fetch(`${url}/rest/v1/app_${tips.id}_tips?select=id`, { method: "POST", headers, body: JSON.stringify(rows) });
      assert.equal(filled.status, 201, await filled.text());
      const page = await open(context, "/tips");
      await page.getByText("The newest 1,000 of 1,102 tips are here. Only these are searched and sorted.").waitFor();
      await page.getByRole("searchbox", { name: "Search tips" }).fill("Warm the plates");
      await page.getByText("0 tips found").waitFor();
      await page.getByRole("button", { name: "Load more" }).click();
      await article(page, "Warm the plates").waitFor();
      assert.equal(await page.getByRole("button", { name: "Load more" }).count(), 0);
      assertQuiet(page);
    } finally {
      await context.close();
    }
  });
});

describe("two apps side by side in one browser", () => {
  let context;
  let one;
  let two;

  before(async () => {
    context = await browser.newContext();
    one = await openPage(context);
    two = await openPage(context);
    await one.goto(recipes.created.preview_url);
    await two.goto(projects.created.preview_url);
  });
  after(() => context?.close());

  test("have origins of their own, which the browser keeps apart", async () => {
    const origins = await Promise.all([one, two].map((page) => page.evaluate(() => location.origin)));
    assert.deepEqual(origins, [recipes.created.preview_url, projects.created.preview_url]);
    assert.equal(new Set([...origins, stack.origin]).size, 3);
    for (const target of [origins[1], `${origins[1]}/_deployment`, stack.origin, `${stack.origin}/v1/session`]) {
      const read = await one.evaluate(async (url) => {
        try {
          return await (await fetch(url, { credentials: "include" })).text();
        } catch (error) {
          return error.name;
        }
      }, target);
      assert.equal(read, "TypeError", `${target} can be read from the other app`);
    }
  });

  test("know nothing of each other's users and records, though it is the same person", async () => {
    const person = { name: "Cleo", email: "cleo@example.com", password: "three wise monkeys" };
    await one.goto(`${recipes.created.preview_url}/recipes`);
    await signUp(one, person);
    await addRecipe(one, "Cleo's own", "Secrets", "1");
    await two.goto(`${projects.created.preview_url}/projects`);
    await signIn(two, person);
    await two.getByText("No projects yet").waitFor();
    const theirs = await two.evaluate(async ([id, key]) => {
      const session = JSON.parse(localStorage.getItem(key));
      const answer = await fetch(`/rest/v1/app_${id}_recipes?select=*`, { headers: { authorization: `Bearer ${session.access_token}` } });
      return [answer.status, await answer.text()];
    }, [recipes.id, `overskill-${projects.id}-session`]);
    assert.equal(theirs[0], 404, theirs[1]);
    assert.ok(!theirs[1].includes("Secrets"));
    const borrowed = await one.evaluate(async (key) => JSON.parse(localStorage.getItem(key)).access_token, `overskill-${recipes.id}-session`);
    const refused = await two.evaluate(async ([id, token]) => (await fetch(`/rest/v1/app_${id}_projects?select=*`, { headers: { authorization: `Bearer ${token}` } })).status, [projects.id, borrowed]);
    assert.equal(refused, 401, "a session of one app is none in another");
    await signOut(one);
    await two.reload();
    await two.getByText("No projects yet").waitFor();
    assert.deepEqual(await mailsTo(stack, person.email), []);
  });

  test("share no storage", async () => {
    await one.evaluate(async () => {
      localStorage.setItem("shared", "one");
      sessionStorage.setItem("shared", "one");
      await (await caches.open("shared")).put("/x", new Response("one"));
      await new Promise((done, failed) => {
        const opening = indexedDB.open("shared", 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
        opening.onsuccess = done;
        opening.onerror = failed;
      });
    });
    const seen = await two.evaluate(async () => ({
      local: localStorage.getItem("shared"),
      session: sessionStorage.getItem("shared"),
      caches: await caches.keys(),
      databases: (await indexedDB.databases()).map(({ name }) => name),
    }));
    assert.equal(seen.local, null);
    assert.equal(seen.session, null);
    assert.ok(!seen.caches.includes("shared"));
    assert.ok(!seen.databases.includes("shared"));
    assert.equal(await one.evaluate(() => localStorage.getItem("shared")), "one", "it was stored where it belongs");
  });

  test("share no cookie, whatever its domain is said to be", async () => {
    const { port } = stack;
    await one.evaluate(() => {
      document.cookie = "own=1; Path=/";
      document.cookie = "wide=1; Path=/; Domain=localhost";
      document.cookie = "dotted=1; Path=/; Domain=.localhost";
      document.cookie = `sibling=1; Path=/; Domain=${location.hostname.replace(/^[^.]+/, "preview-abcdefgh")}`;
    });
    assert.match(await one.evaluate(() => document.cookie), /own=1/);
    assert.equal(await two.evaluate(() => document.cookie), "");
    for (const url of [projects.created.preview_url, `http://localhost:${port}`]) {
      assert.deepEqual(await context.cookies(url), [], url);
    }
  });
});

describe("an app that is after the console's session", () => {
  test("can neither replace its cookie, nor use it, nor frame it", async () => {
    const context = await browser.newContext();
    try {
      const consolePage = await openPage(context);
      await consolePage.goto(`${stack.origin}/#token=${stack.token}`);
      await consolePage.getByTestId("new-app").waitFor();
      const [session] = (await context.cookies(stack.origin)).filter(({ name }) => name === "__Host-overskill");
      assert.ok(session);
      const before = (await stack.api("GET", "/v1/apps?limit=200")).body.apps;

      const app = await openPage(context);
      await app.goto(recipes.created.preview_url);
      await app.evaluate(async ({ origin, id }) => {
        for (const name of ["__Host-overskill", "overskill", "__Secure-overskill"]) {
          document.cookie = `${name}=evil; Path=/; Domain=localhost`;
          document.cookie = `${name}=evil; Path=/; Secure; Domain=localhost`;
          document.cookie = `${name}=evil; Path=/; Secure`;
        }
        const attempts = [
          [`${origin}/v1/apps`, { method: "POST", body: '{"prompt":"stolen"}', headers: { "content-type": "text/plain" } }],
          [`${origin}/v1/apps`, { method: "POST", body: '{"prompt":"stolen"}', headers: { "content-type": "application/json" }, mode: "cors" }],
          [`${origin}/v1/apps/${id}/messages`, { method: "POST", body: '{"content":"make it red"}' }],
          [`${origin}/v1/apps/${id}`, { method: "DELETE", mode: "cors" }],
          [`${origin}/v1/console-logout`, { method: "POST" }],
        ];
        for (const [url, options] of attempts) {
          await fetch(url, { mode: "no-cors", credentials: "include", ...options }).catch(() => {});
        }
        const form = Object.assign(document.createElement("form"), { method: "post", action: `${origin}/v1/console-logout`, target: "sink" });
        const sink = Object.assign(document.createElement("iframe"), { name: "sink" });
        document.body.append(sink, form);
        await new Promise((done) => {
          sink.addEventListener("load", done, { once: true });
          form.submit();
        });
      }, { origin: stack.origin, id: projects.id });

      const sent = (await context.cookies(stack.origin)).filter(({ name }) => /overskill/.test(name));
      assert.deepEqual(sent.map(({ name, value }) => ({ name, value })), [{ name: session.name, value: session.value }]);
      const answer = await consolePage.evaluate(async () => (await fetch("/v1/session")).json());
      assert.deepEqual(answer, { workspace: "local" });
      await consolePage.reload();
      await consolePage.getByTestId("new-app").waitFor();
      assert.deepEqual((await stack.api("GET", "/v1/apps?limit=200")).body.apps, before);
      assertQuiet(consolePage);

      const framed = await app.evaluate((origin) => new Promise((done) => {
        const frame = Object.assign(document.createElement("iframe"), { src: origin });
        frame.addEventListener("load", () => {
          try {
            // A refused frame holds an error page of an opaque origin.
            done(frame.contentDocument === null ? "opaque" : "readable");
          } catch {
            done("opaque");
          }
        });
        document.body.append(frame);
      }), stack.origin);
      assert.equal(framed, "opaque");
      assert.ok(app.problems.some((problem) => /frame/i.test(problem)), `the console refuses to be framed: ${app.problems}`);
    } finally {
      await context.close();
    }
  });
});
