import Stripe from "stripe"

export default { fetch: () => new Response(String(Stripe)) }
