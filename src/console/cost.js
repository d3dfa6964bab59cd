/** What calls of models have cost, in words. Money is in millionths of a dollar. */

const UNKNOWN = "not known";

/** All tokens of a call, or of several, read and written. */
export function total({ input, cache_read: cached, cache_write: kept, output }) {
  return input + cached + kept + output;
}

/** `950 tokens`, `12.4k tokens`. */
export function tokens(count) {
  return `${shortened(count)} ${count === 1 ? "token" : "tokens"}`;
}

/** `950`, `12.4k`. */
export function shortened(count) {
  if (count < 1000) return String(count);
  // What would round up to a thousand thousands is a million.
  const [value, unit] = count < 999_500 ? [count / 1000, "k"] : [count / 1_000_000, "M"];
  return `${Number(value.toFixed(value < 100 ? 1 : 0))}${unit}`;
}

/** `$0.012`, `$1.24`. */
export function money(micros) {
  if (micros === 0) return "$0";
  if (micros < 1000) return "less than $0.001";
  return `$${(micros / 1_000_000).toFixed(micros < 1_000_000 ? 3 : 2)}`;
}

/** How many of all tokens were read out of the provider's cache, in per cent. */
export function cachedShare(usage) {
  const all = total(usage);
  return all === 0 ? 0 : Math.floor((100 * usage.cache_read) / all);
}

/** What the feed has shown of the prices of models. */
export class Prices {
  constructor() {
    this.unknown = { billed: new Set(), free: new Set() };
    this.known = { billed: false, free: false };
  }

  /** Takes a `step_finished`. */
  take({ model, spent, billing_ignore: free }) {
    if (total(spent.usage) === 0) return;
    const of = free ? "free" : "billed";
    if (spent.micros === null) this.unknown[of].add(model);
    else this.known[of] = true;
  }

  /** What `micros` say of tokens that are `of` one kind, billed or free. */
  cost(micros, of) {
    const isPart = this.unknown[of].size > 0;
    if (micros === 0 && (isPart || !this.known[of])) return UNKNOWN;
    return isPart ? `at least ${money(micros)}` : money(micros);
  }
}

/** What a turn has cost: `12.4k tokens, 68 % cached, $0.012`; nothing where it took no model's tokens. */
export function spending(spent, prices) {
  const parts = [];
  if (total(spent.billed) > 0) {
    const cached = cachedShare(spent.billed);
    const cost = prices.cost(spent.billed_micros, "billed");
    const facts = [tokens(total(spent.billed)), cached > 0 && `${cached}\u00a0% cached`, cost === UNKNOWN ? `cost ${cost}` : cost];
    parts.push(facts.filter(Boolean).join(", "));
  }
  if (total(spent.unbilled) > 0) parts.push(`repairs free: ${tokens(total(spent.unbilled))}`);
  return parts;
}
