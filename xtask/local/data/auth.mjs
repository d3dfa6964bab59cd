// Supabase Auth on this machine: `@supabase/lite`'s, with what it does otherwise than the hosted one mended from outside.
//
// Mails are caught. A link in one is what our mail templates make of it (docs/people.md): where the shard was told to send people back to,
// with the token behind it, when that is an app's own address; else it leads to this shard, as Supabase's own templates do.
import { AsyncLocalStorage } from "node:async_hooks";
import { randomInt, randomUUID } from "node:crypto";

import bcrypt from "bcryptjs";

const MAX_MAILS = 1_000;
/** Where mails lead that name no app. */
export const SITE = "http://127.0.0.1:3000";
/** What the hosted one calls these kinds of mail, and this one does not know. */
const KINDS = { email: "magiclink", invite: "signup" };

const SUBJECTS = {
  signup: ["Confirm your e-mail address", "Follow this link to confirm your e-mail address:"],
  recovery: ["Set a new password", "Follow this link to set a new password:"],
  magiclink: ["Your link to sign in", "Follow this link to sign in:"],
  email_change: ["Confirm your new e-mail address", "Follow this link to confirm your new e-mail address:"],
};

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter]);
const refusal = (status, error_code, msg) => Response.json({ code: status, error_code, msg }, { status, headers: { "x-sb-error-code": error_code } });

/** Mails that were caught, the newest last: `{to, subject, text, html, at, links}`. */
export class Mails {
  caught = [];
  #asking = new AsyncLocalStorage();

  /** Whatever is sent while `ask` runs leads back to this address, if there is one. */
  during(redirect, ask) {
    return this.#asking.run(redirect || undefined, ask);
  }

  #catch(to, subject, lines, link) {
    const links = link ? [link] : [];
    const text = [...lines, ...links].join("\n\n");
    const html = [...lines.map((line) => `<p>${escaped(line)}</p>`), ...links.map((one) => `<p><a href="${escaped(one)}">${escaped(one)}</a></p>`)].join("\n");
    this.caught.push({ to, subject, text, html, at: Date.now(), links });
    if (this.caught.length > MAX_MAILS) this.caught.shift();
  }

  #link(kind, hash) {
    const back = this.#asking.getStore();
    const query = new URLSearchParams({ token: hash, type: kind });
    if (back?.includes("/auth/v1/verify?")) return `${back}&${query}`;
    query.set("redirect_to", back ?? SITE);
    return `${SITE}/auth/v1/verify?${query}`;
  }

  #send(kind, to, hash, code) {
    const [subject, line] = SUBJECTS[kind];
    this.#catch(to, subject, [`Your code is ${code}.`, line], this.#link(kind, hash));
  }

  /** What lite calls. */
  sendConfirmation = async (to, hash, code) => this.#send("signup", to, hash, code);
  sendRecovery = async (to, hash, code) => this.#send("recovery", to, hash, code);
  sendMagicLink = async (to, hash, code) => this.#send("magiclink", to, hash, code);
  sendEmailChange = async (to, hash, code) => this.#send("email_change", to, hash, code);
  sendReauthentication = async (to, code) => this.#catch(to, "Your code", [`Your code is ${code}.`]);

  /** Those to an address, the newest first. */
  to(address) {
    const wanted = address.trim().toLowerCase();
    return this.caught.filter(({ to }) => !wanted || to.toLowerCase() === wanted).reverse();
  }
}

async function sha256(text) {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("hex");
}

/**
 * Answers a request to the authorization.
 * @param {{app: object, mails: Mails, query: (text: string, values: unknown[]) => Promise<object[]>, confirms: boolean}} options `query`
 *   asks the database; `confirms` whether an address has to be confirmed
 */
export function authorization({ app, mails, query, confirms }) {
  const account = async (email) => (await query("select id, encrypted_password, email_confirmed_at from auth.users where email = $1", [String(email).toLowerCase()]))[0];

  /** Once more a mail for whoever has not confirmed their address; lite refuses to send a second one. */
  async function confirmAgain(email) {
    const [to, code] = [email.toLowerCase(), String(randomInt(1_000_000)).padStart(6, "0")];
    const hash = await sha256(to + code);
    await query("update auth.users set confirmation_token = $1, confirmation_sent_at = now() where email = $2", [hash, to]);
    await mails.sendConfirmation(to, hash, code);
  }

  /** Where the hosted one answers otherwise; nothing where it does not. */
  async function mended(endpoint, method, body, url) {
    const { email, password, type } = body;
    if (method !== "POST" || typeof email !== "string") return undefined;
    if (endpoint === "signup" && confirms && typeof password === "string" && password.length >= 6 && password.length <= 72) {
      const known = await account(email);
      if (!known) return undefined;
      if (!known.email_confirmed_at) await confirmAgain(email);
      const now = new Date().toISOString();
      // It does not say that there is an account.
      return Response.json({
        id: randomUUID(), aud: "authenticated", role: "", email: email.toLowerCase(), phone: "", confirmation_sent_at: now, app_metadata: { provider: "email", providers: ["email"] },
        user_metadata: body.data ?? {}, identities: [], created_at: now, updated_at: now, is_anonymous: false,
      });
    }
    if (endpoint === "resend" && type === "signup") {
      const known = await account(email);
      if (!known || known.email_confirmed_at) return undefined;
      await confirmAgain(email);
      return Response.json({});
    }
    if (endpoint === "token" && url.searchParams.get("grant_type") === "password" && typeof password === "string") {
      const known = await account(email);
      // Lite says to anybody that the address was not confirmed.
      const isTheirs = !known || known.email_confirmed_at || await bcrypt.compare(password, known.encrypted_password ?? "");
      return isTheirs ? undefined : refusal(400, "invalid_credentials", "Invalid login credentials");
    }
    return undefined;
  }

  return async (request, context) => {
    const url = new URL(request.url);
    const endpoint = url.pathname.slice("/auth/v1/".length);
    const text = request.body ? await request.text() : "";
    let body = {};
    try {
      body = Object(JSON.parse(text));
    } catch {
      // Lite says what is wrong with it.
    }
    let sent = text;
    if (endpoint === "verify" && Object.hasOwn(KINDS, body.type)) sent = JSON.stringify({ ...body, type: KINDS[body.type] });
    return mails.during(url.searchParams.get("redirect_to"), async () => {
      const answer = await mended(endpoint, request.method, body, url);
      if (answer) return answer;
      const again = new Request(request.url, { method: request.method, headers: request.headers, body: sent || undefined });
      return app.fetch(again, context);
    });
  };
}
