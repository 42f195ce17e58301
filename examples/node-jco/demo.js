/** Three requests at once, and one more every 20 seconds. */

import { limiter } from "./limiter.js";

const bucket = { capacity: 3n, refill: 3n, period: 60_000_000_000n, initial: 3n };
const requests = { name: "requests", algorithm: { tag: "token-bucket", val: bucket }, shadow: false, overrun: "debt" };
const policy = limiter.openPolicy([requests]);
const one = { tag: "acquire", val: { costs: BigUint64Array.of(1n), sharePermille: 1_000 } };

// What is remembered of a key is bytes: keep them in a Map, in a file, or in a store with compare-and-swap.
const records = new Map();
for (let request = 1; request <= 4; request += 1) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const decision = limiter.apply(policy, records.get("alice"), one, now);
  if (decision.record) records.set("alice", decision.record);
  const [{ remaining }] = decision.limits;
  const wait = decision.verdict === "limited" ? `, again in ${decision.retryAfter / 1_000_000n} ms` : "";
  console.log(`request ${request}: ${decision.verdict}, ${remaining} left${wait}`);
}
