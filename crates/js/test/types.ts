/** What must compile, and what must not. Nothing here runs. */

import { type Allowed, type Decision, Limiter, Policy, Pool } from "tollgate";
import type { Arrival } from "tollgate/upstream";

const one = new Limiter("100/minute");
const several = new Limiter({ requests: "60/minute", input_tokens: { algorithm: "token-bucket", capacity: 5, refill: 1, per: "1s" } });

export function decisions(): number {
  const decision: Decision<"requests"> = one.tryAcquire("alice", 2);
  if (decision.allowed) return decision.delayMs;
  // @ts-expect-error what was denied has no delay
  void decision.delayMs;
  if (decision.reason === "impossible") return decision.retryAfterMs ?? 0;
  return decision.retryAfterMs ?? decision.limits.requests.remaining;
}

export async function waits(): Promise<Allowed<"requests" | "input_tokens">> {
  const allowed = await several.acquire("alice", { cost: { input_tokens: 3 }, timeoutMs: 5, signal: AbortSignal.timeout(5) });
  // @ts-expect-error no limit has this name
  void allowed.limits.output_tokens;
  return allowed;
}

// @ts-expect-error a misspelled name of a limit
several.tryAcquire("alice", { input_token: 3 });
// @ts-expect-error the limit of a text is named requests
one.tryAcquire("alice", { input_tokens: 3 });
// @ts-expect-error a text is no cost
one.tryAcquire("alice", "1");
// @ts-expect-error a bigint is no cost
one.tryAcquire("alice", 1n);
// @ts-expect-error a key is a text
one.tryAcquire(7);
// @ts-expect-error no such option
new Limiter("1/s", { maxkeys: 5 });
// @ts-expect-error a misspelled algorithm
new Policy({ requests: { algorithm: "grca", limit: 1, per: "1s" } });
// @ts-expect-error a field of another algorithm
new Policy({ requests: { algorithm: "gcra", limit: 1, per: "1s", capacity: 3 } });
// @ts-expect-error windows have a period or a calendar, not both
new Policy({ requests: { algorithm: "fixed-window", limit: 1, per: "1d", calendar: "day" } });
// @ts-expect-error what is not exported can't be reached
void one.policy.core;

Limiter.tryAcquireAll([
  { limiter: one, key: "alice", cost: 2 },
  { limiter: several, key: "acme", cost: { input_tokens: 1 } },
]);
// @ts-expect-error each cost has the names of its own limiter's limits
Limiter.tryAcquireAll([{ limiter: one, key: "alice", cost: { input_tokens: 1 } }]);
// @ts-expect-error in memory no answer is lost, and there are no request ids
void one.acquire("alice", { requestId: "1b4e28ba-2fa1-11d2-883f-0016d3cca427" });

const pool = new Pool([{ limiter: one, key: "alice", region: "eu" }]);
export async function members(): Promise<string> {
  const decision = pool.tryAcquire(2);
  if (!decision.allowed) return decision.reason;
  await using held = await pool.reserve({ ttlMs: 5 });
  // @ts-expect-error a member has what was said of it, and nothing else
  void held.member.zone;
  return decision.member.region + held.member.region;
}

export function arrivals(arrival: Arrival): string {
  switch (arrival.state) {
    case "waiting":
      return `${arrival.remaining} are missing`;
    case "wrong-generation":
      return arrival.generation;
    default:
      // @ts-expect-error nothing else is missing
      return `${arrival.state} ${arrival.remaining}`;
  }
}
