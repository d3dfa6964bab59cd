// Accounts of generated apps, as a person has them; and the mails that they get. A page behind another one hardly moves: it comes to the front.
import assert from "node:assert/strict";

import { until } from "./wait.mjs";

/** Makes an account on the page that a browser was sent to, or in a frame of it, and waits until it is signed in. */
export async function signUp(page, { name, email, password }, within = page) {
  await page.bringToFront();
  await within.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
  await within.getByRole("main").getByRole("link", { name: "Create an account" }).click();
  await within.getByRole("heading", { level: 1, name: "Create your account" }).waitFor();
  if (name) await within.getByLabel("Name").fill(name);
  await within.getByLabel("E-mail").fill(email);
  await within.getByLabel("Password").fill(password);
  await within.getByRole("button", { name: "Create account" }).click();
  await within.getByRole("heading", { level: 1, name: "Create your account" }).waitFor({ state: "detached" });
  await signedIn(within);
}

export async function signIn(page, { email, password }) {
  await page.bringToFront();
  await page.getByRole("heading", { level: 1, name: "Welcome back" }).waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
}

export const signedIn = (page) => page.getByRole("button", { name: "Account" }).waitFor();

export async function signOut(page) {
  await page.bringToFront();
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("banner").getByRole("link", { name: "Sign in" }).waitFor();
}

/** The link of a mail of this app's to this address, the one after `seen` of them. */
export async function mailedLink(app, email, seen = 0) {
  const mail = await until(`a mail to ${email}`, async () => (await mailsTo(app.stack, email))[seen]);
  const links = [...`${mail.html ?? ""} ${mail.text ?? ""}`.matchAll(/https?:\/\/[^\s"'<>]+/g)].map(([link]) => new URL(link.replaceAll("&amp;", "&")));
  const link = links.find(({ searchParams }) => searchParams.has("token") || searchParams.has("token_hash"));
  assert.ok(link, `a mail without a link: ${mail.text}`);
  if (link.origin === app.created.preview_url) return link.href;
  // Where the shard's mails lead to itself: what it would send on to the app's page.
  const token = link.searchParams.get("token_hash") ?? link.searchParams.get("token");
  return `${app.created.preview_url}/auth/callback?token_hash=${token}&type=${link.searchParams.get("type")}`;
}

export async function mailsTo(stack, email) {
  const mails = await (await fetch(`${stack.shard().url}/mails`)).json();
  return mails.filter(({ to }) => JSON.stringify(to).includes(email));
}
