// Everybody who may ask a shard for something, each with the client that an app would use.
import { createClient } from "@supabase/supabase-js";

import { signedBy } from "../../xtask/local/data/signing.mjs";

/** A token as the Worker mints them (RFC 7519, HS256). */
export function mint(claims, secret) {
  return signedBy(secret, { iat: seconds(), exp: seconds() + 600, aud: "authenticated", ...claims });
}

export const seconds = () => Math.floor(Date.now() / 1_000);

const QUIET = { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } };

/** A client that shows this token, or only the app's key. */
export function client({ url, publishable_key }, token) {
  return createClient(url, publishable_key, { ...QUIET, ...(token && { accessToken: async () => token }) });
}

/** A client that may do everything. */
export function service({ url, secret_key }) {
  return createClient(url, secret_key, QUIET);
}

/** Somebody new: the id of a user and the session's own token, which knows of no app. */
export async function person(shard, email) {
  const { data, error } = await client(shard).auth.signUp({ email, password: "correct horse battery staple" });
  if (error) throw error;
  return { id: data.user.id, email, session: data.session?.access_token };
}

/** A token of this person for this app. */
export function token(shard, { id }, app, more = {}) {
  return mint({ sub: id, role: "authenticated", app_id: app, ...more }, shard.jwt_secret);
}
