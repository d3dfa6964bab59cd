// Somebody at an app's address, with @supabase/supabase-js as it is.
import { createClient } from "@supabase/supabase-js";
import WebSocket from "ws";

/** As browsers name themselves. From one, a shard takes no secret key. */
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36";
export const PASSWORD = "correct horse battery staple";

/**
 * A client of an app's, that finds the address without a resolver.
 * @param {{token?: string, flowType?: "implicit" | "pkce", headers?: object}} options a token to show instead of a session; headers that
 *   the network would add
 */
export function visitor(stack, app, { token, flowType = "implicit", headers: added } = {}) {
  const origin = new URL(app.created.preview_url);
  const fetch = async (input, { method, headers, body } = {}) => {
    const { pathname, search } = new URL(input);
    const answer = await stack.request(pathname + search, { host: origin.host, method, headers: { "user-agent": BROWSER, ...Object.fromEntries(new Headers(headers)), ...added }, body });
    return new Response([204, 304].includes(answer.status) ? null : answer.bytes, { status: answer.status, headers: Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])) });
  };
  class Transport extends WebSocket {
    constructor(address, protocols) {
      const url = new URL(address);
      super(`ws://127.0.0.1:${stack.port}${url.pathname}${url.search}`, protocols, { headers: { host: url.host } });
    }
  }
  return createClient(origin.origin, `sb_publishable_${app.id}`, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false, flowType }, global: { fetch }, realtime: { transport: Transport }, ...(token && { accessToken: async () => token }),
  });
}
