// The builder looks at what it has built: what does not work in a browser does not go live, and its owner sees why.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startStack } from "../../xtask/local/harness.mjs";
import { App } from "../support/app.mjs";
import { launch, openPage } from "../support/browser.mjs";

let stack;
let browser;
let app;

before(async () => {
  stack = await startStack();
  [app, browser] = await Promise.all([App.create(stack), launch()]);
  await app.completed();
});

after(async () => {
  await browser?.close();
  app?.close();
  await stack?.stop();
});

/** Writes a start page by hand and waits for the build of it. */
async function built(home) {
  const from = app.feed.events.length;
  const written = await app.api("GET", "/files/src/pages/Home.tsx");
  const put = await stack.request(`/v1/apps/${app.id}/files/src/pages/Home.tsx`, {
    method: "PUT",
    headers: { authorization: `Bearer ${stack.token}`, "if-match": written.headers.etag },
    body: home,
  });
  assert.equal(put.status, 200, put.text);
  const end = await app.feed.find("end of the build", (event) => event.kind === "build_finished", { from });
  return (await app.get(`/builds/${end.build}`)).build;
}

/** Whether Chromium is let loose on an app: only where namespaces, with a /proc of their own, keep it in. */
const confined = (sandbox) => /^namespaces(?!, no)/.test(sandbox);

/** A screenshot as its owner gets it, and as anybody does. */
const picture = (id, headers) => stack.request(`/v1/apps/${app.id}/builds/${id}/screenshot`, { headers });

test("what asks for records is shown without a database, and says that there is none", async () => {
  const asking = await built(`import { useEffect, useState } from "react"
import { db, errorText } from "@/lib/database"

export function Home() {
  const [text, setText] = useState("")
  useEffect(() => {
    void db.fromName("tips").select().then(({ error }) => setText(error ? errorText(error) : "read"))
  }, [])
  return <h1>{text}</h1>
}
`);
  assert.equal(asking.status, "succeeded", JSON.stringify(asking.diagnostics));
  const { render, sandbox } = asking.report;
  if (!confined(sandbox)) return;
  assert.deepEqual([render.pages[0].path, render.pages[0].empty, render.pages[0].problems], ["/", false, 0]);
});

test("what works is pictured, for its owner, in the feed", async () => {
  const shown = await built('export function Home() {\n  return <h1 className="text-4xl">It works</h1>\n}\n');
  assert.equal(shown.status, "succeeded", JSON.stringify(shown.diagnostics));
  const { render, sandbox } = shown.report;
  if (!confined(sandbox)) {
    assert.match(render.reason, /Chromium needs namespaces/);
    assert.equal((await picture(shown.id, { authorization: `Bearer ${stack.token}` })).status, 404);
    return;
  }
  assert.equal(render.state, "checked");
  assert.deepEqual([render.pages[0].path, render.pages[0].empty, render.pages[0].problems], ["/", false, 0]);
  const answer = await picture(shown.id, { authorization: `Bearer ${stack.token}` });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "image/webp");
  assert.equal(answer.headers.etag, `"${render.screenshot}"`);
  assert.equal((await picture(shown.id, {})).status, 401);

  const context = await browser.newContext();
  const page = await openPage(context);
  await page.goto(stack.origin);
  await page.getByTestId("token").fill(stack.token);
  await page.getByTestId("sign-in").click();
  await page.getByTestId("new-app").waitFor();
  await page.goto(`${stack.origin}/#/apps/${app.id}`);
  const row = page.locator("details.build").last();
  await row.waitFor();
  await row.evaluate((details) => (details.open = true));
  const seen = row.getByRole("img");
  await seen.scrollIntoViewIfNeeded();
  await page.waitForFunction((image) => image.complete && image.naturalWidth === 1280, await seen.elementHandle());
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/render.png` });
  await context.close();
});

test("what throws does not go live, and is told where it is", async () => {
  const before = (await app.show()).preview;
  const failed = await built("export function Home() {\n  const list = JSON.parse('null') as string[]\n  return <h1>{list.length}</h1>\n}\n");
  if (!confined(failed.report.sandbox)) return;
  assert.equal(failed.status, "failed");
  assert.equal(failed.report.reason, "render");
  const [first] = failed.diagnostics;
  assert.deepEqual([first.severity, first.path, first.line, first.code], ["error", "src/pages/Home.tsx", 3, "runtime"]);
  assert.match(first.message, /Cannot read properties of null/);
  assert.deepEqual((await app.show()).preview, before);
});
