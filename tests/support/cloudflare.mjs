// Asks the double of the Cloudflare API, and visits what runs there.
import { randomUUID } from "node:crypto";
import http from "node:http";

import { startCloudflare } from "../../xtask/local/cloudflare.mjs";
import { request, startStack } from "../../xtask/local/harness.mjs";

export const ACCOUNT = "acc0000000000000000000000000000a";
export const ZONE = "zone000000000000000000000000000b";
export const TOKEN = "api-token-of-the-checks";

/** `multipart/form-data` of parts `{name, type, content, filename}`. */
export function form(parts) {
  const boundary = `----${randomUUID()}`;
  const chunks = parts.flatMap(({ name, type, content, filename }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n`,
    `${type ? `Content-Type: ${type}\r\n` : ""}\r\n`, content, "\r\n",
  ]);
  const body = Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk)));
  return { body, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
}

/** An upload of a Worker: the text of its main module, its bindings, more modules as `[name, type, content]` and more metadata. */
export function upload(text, { bindings = [], modules = [], ...metadata } = {}) {
  const whole = { main_module: "index.js", bindings, compatibility_date: "2025-09-01", keep_bindings: ["secret_text", "secret_key"], ...metadata };
  return form([
    { name: "metadata", content: JSON.stringify(whole) },
    { name: "index.js", filename: "index.js", type: "application/javascript+module", content: text },
    ...modules.map(([name, type, content]) => ({ name, filename: name, type, content })),
  ]);
}

/** A module that answers with a text. */
export const says = (text) => `export default { fetch: () => new Response(${JSON.stringify(text)}) };`;

export class Api {
  constructor(double, token = TOKEN) {
    Object.assign(this, { double, token });
  }

  /** One request; paths that begin with neither `/accounts` nor `/zones` nor `/user` are of the account. */
  async ask(method, path, { json, body, headers = {}, token = this.token, signal } = {}) {
    const whole = /^\/(accounts|zones|user|memberships)\b/.test(path) ? path : `/accounts/${ACCOUNT}${path}`;
    const answer = await fetch(this.double.url + whole, {
      method, signal,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(json !== undefined && { "content-type": "application/json" }), ...headers },
      body: json === undefined ? body : JSON.stringify(json),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get("content-type") ?? "");
    const told = isJson && text ? JSON.parse(text) : undefined;
    return { status: answer.status, headers: answer.headers, text, ...told, code: told?.errors?.[0]?.code };
  }

  /** The result of a request that must succeed. */
  async must(method, path, options) {
    const answer = await this.ask(method, path, options);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.result ?? answer;
  }

  deploy(name, text, options) {
    return this.must("PUT", `/workers/scripts/${name}`, upload(text, options));
  }

  /** What visitors of a host get. */
  visit(host, path = "/", options = {}) {
    return request(Number(new URL(this.double.edgeUrl).port), host, path, options);
  }

  async control(name, body) {
    const url = `${new URL(this.double.url).origin}/__double/${name}`;
    const answer = await fetch(url, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  }
}

/** The status of a WebSocket's opening, asked by hand. */
export function upgraded(port, host, path) {
  return new Promise((resolve, reject) => {
    const call = http.request({ host: "127.0.0.1", port, path, headers: { host, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" } });
    call.once("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode);
    });
    call.once("response", (answer) => resolve(answer.statusCode));
    call.once("error", reject);
    call.end();
  });
}

/** The domain of the apps that are deployed to the double. */
export const DOMAIN = "apps.test";
export const BUCKET = "overskill-published";

/** A stack that deploys apps to an account, which is the double: `{double, api, stack, restart, stop}`. `vars` are more variables of the Worker. */
export async function startOnAccount(vars = {}) {
  const double = await startCloudflare({ zones: [{ name: DOMAIN, id: ZONE, records: [`*.${DOMAIN}`] }], accountId: ACCOUNT, tokens: [{ token: TOKEN, name: "api-token" }] });
  try {
    const api = new Api(double);
    await api.must("POST", "/r2/buckets", { json: { name: BUCKET } });
    const all = {
      APPS_DOMAIN: DOMAIN, CLOUDFLARE_ACCOUNT_ID: ACCOUNT, CLOUDFLARE_ZONE_ID: ZONE, CLOUDFLARE_BUCKET: BUCKET,
      CLOUDFLARE_API_URL: double.url, CLOUDFLARE_EDGE_URL: double.edgeUrl, CLOUDFLARE_API_TOKEN: TOKEN, ...vars,
    };
    const named = (texts) => Object.fromEntries(Object.entries(texts).map(([name, value]) => [`OVERSKILL_VAR_${name}`, value]));
    const env = named(all);
    const stack = await startStack({ env });
    /** Starts it again, told something else. */
    const restart = (texts) => {
      Object.assign(env, named(texts));
      return stack.restart();
    };
    const stop = async () => {
      await stack.stop();
      await double.stop();
    };
    return { double, api, stack, restart, stop };
  } catch (error) {
    await double.stop();
    throw error;
  }
}
