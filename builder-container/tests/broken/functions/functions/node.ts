import { createHash } from "node:crypto"

export default {
  fetch: () => new Response(createHash("sha256").update("a").digest("hex")),
}
