/** Three requests at once, and one more every 20 seconds. */

import { readFileSync } from "node:fs";

import { Limiter } from "./limiter.js";
import { modulePath } from "./module-path.js";

const limiter = new Limiter(readFileSync(modulePath()));
const perMinute = { name: "requests", algorithm: "token-bucket", capacity: 3, refill: 3, perNs: 60_000_000_000n };
const policy = limiter.open([perMinute]);

// What is remembered of a key is bytes: keep them in a Map, in a file, or in a store with compare-and-swap.
const records = new Map();
for (let request = 1; request <= 4; request += 1) {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const asked = { kind: "acquire", costs: [1], permille: 1_000 };
  const decision = limiter.apply(policy, records.get("alice"), asked, nowNs);
  if (decision.record) records.set("alice", decision.record);
  const [{ remaining }] = decision.limits;
  const wait = decision.verdict === "limited" ? `, again in ${decision.retryAfterNs / 1_000_000n} ms` : "";
  console.log(`request ${request}: ${decision.verdict}, ${remaining} left${wait}`);
}
