/** Passwords are kept as PBKDF2 hashes (SHA-256, 210,000 rounds, 16 bytes of salt). */
const iterations = 210_000

export interface PasswordHash {
  salt: string
  hash: string
  iterations: number
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  return { salt: toHex(salt), hash: await derive(password, salt, iterations), iterations }
}

export async function passwordMatches(password: string, stored: PasswordHash): Promise<boolean> {
  return (await derive(password, fromHex(stored.salt), stored.iterations)) === stored.hash
}

async function derive(password: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<string> {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"])
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, 256)
  return toHex(new Uint8Array(bits))
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
