import assert from "node:assert/strict";
import { test } from "node:test";

import { type Applied, type HrWait, Limiter, ManualClock, Policy, type PolicySpec, apply } from "tollgate";

const START_MS = 1_800_000_000_000;
const STEPS = 500;

const POLICIES: readonly PolicySpec<string>[] = [
  "3/s burst 7",
  { requests: "7/minute", tokens: { algorithm: "token-bucket", capacity: 50, refill: 13, per: "1s", initial: 20 } },
  { window: { algorithm: "fixed-window", limit: 9, per: "1s" }, log: { algorithm: "sliding-log", limit: 11, per: "2s" } },
  { queue: { algorithm: "leaky-queue", capacity: 8, leak: 3, per: "1s" }, budget: { algorithm: "token-bucket", capacity: 400, refill: 0 } },
  Object.fromEntries(["a", "b", "c", "d", "e"].map((name, index) => [name, `${index + 3}/s burst ${index + 4}`])),
];

/** Whole numbers below `most`, always the same ones. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

function millis(wait: HrWait): number | null {
  return wait === null ? null : wait[0] * 1_000 + Math.ceil(wait[1] / 1e6);
}

for (const [seed, spec] of POLICIES.entries()) {
  test(`a limiter in memory says what the core says of a record: ${JSON.stringify(spec).slice(0, 60)}`, () => {
    const policy = new Policy<string>(spec);
    const clock = new ManualClock(START_MS);
    const limiter = new Limiter<string>(policy, { clock });
    const random = numbers(seed);
    let [record, denials]: [Uint8Array | undefined, number] = [undefined, 0];
    for (let step = 0; step < STEPS; step += 1) {
      clock.advance(random(900));
      const cost = Object.fromEntries(policy.limits.map((name) => [name, random(10) === 0 ? 60 : random(4)]));
      const said = limiter.tryAcquire("key", cost);
      const now = clock.now();
      const applied: Applied = apply(policy, record, { acquire: { cost } }, [Math.floor(now / 1_000), (now % 1_000) * 1_000_000]);
      record = applied.record ?? record;
      const expected = policy.limits.map((name) => {
        const { retryAfter, resetAfter, delay, capacity, ...rest } = applied.limits[name]!;
        return [name, { ...rest, retryAfterMs: millis(retryAfter), resetAfterMs: millis(resetAfter), delayMs: millis(delay) }];
      });
      assert.deepEqual(said.limits, Object.fromEntries(expected), `step ${step}`);
      assert.equal(said.allowed ? "allowed" : said.reason, applied.verdict);
      assert.equal(said.allowed ? 0 : said.retryAfterMs, said.allowed ? 0 : millis(applied.retryAfter));
      denials += said.allowed ? 0 : 1;
    }
    assert.ok(denials > STEPS / 20 && denials < STEPS, `${denials} of ${STEPS} were denied`);
  });
}
