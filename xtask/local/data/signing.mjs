// The signing keys of a hosted project, which `@supabase/lite` does not have (https://supabase.com/docs/guides/auth/signing-keys): sessions
// are signed with the first one, tokens of any of them are believed, and their public halves are published. Behind it all is as before,
// signed with a secret that nobody else knows.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomUUID, sign, verify } from "node:crypto";

const PUBLISHED = "/auth/v1/.well-known/jwks.json";

/** A private key as `supabase gen signing-key` writes it. */
export function newSigningKey() {
  const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return { ...jwk, kid: randomUUID(), use: "sig", key_ops: ["sign", "verify"], alg: "ES256", ext: true };
}

const hmac = (secret, text) => createHmac("sha256", secret).update(text).digest("base64url");
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that says `claims`, signed with a private key. */
export function signedWith(jwk, claims) {
  const text = `${encoded({ alg: "ES256", kid: jwk.kid, typ: "JWT" })}.${encoded(claims)}`;
  return `${text}.${sign("sha256", text, { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** A token that says `claims`, signed with a secret. */
export function signedBy(secret, claims) {
  const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  return `${text}.${hmac(secret, text)}`;
}

const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

function isSigned(token, keys) {
  const [head, claims, signature] = token.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(head, "base64url"));
  const key = keys.find((one) => one.kid === kid);
  if (!key || alg !== "ES256") return false;
  return verify("sha256", `${head}.${claims}`, { key: createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
}

/** What a token says that is signed with the secret, or with one of the keys where there are any; nothing of one that is not. */
export function believed(token, secret, keys) {
  try {
    const text = token.slice(0, token.lastIndexOf("."));
    const isBelieved = keys ? isSigned(token, keys) : token === `${text}.${hmac(secret, text)}`;
    return isBelieved ? claimsOf(token) : undefined;
  } catch {
    return undefined;
  }
}

/** `answer` of a shard whose tokens are signed with `secret`, as that of one with these keys. */
export function withSigningKeys(keys, secret, answer) {
  const published = keys.map(({ d: _, ...jwk }) => ({ ...jwk, key_ops: ["verify"] }));
  return async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname === PUBLISHED) return Response.json({ keys: published });
    const token = request.headers.get("authorization")?.match(/^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/)?.[1];
    const asked = new Request(request);
    if (token) {
      // What is not believed here is not believed there.
      const behind = isSigned(token, keys) ? secret : randomBytes(32);
      asked.headers.set("authorization", `Bearer ${signedBy(behind, claimsOf(token))}`);
    }
    const response = await answer(asked, context);
    if (!pathname.startsWith("/auth/v1/") || !response.headers.get("content-type")?.includes("json")) return response;
    const body = await response.json();
    if (typeof body?.access_token === "string") body.access_token = signedWith(keys[0], claimsOf(body.access_token));
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    return new Response(JSON.stringify(body), { status: response.status, headers });
  };
}
