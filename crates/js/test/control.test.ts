import assert from "node:assert/strict";
import { test } from "node:test";

import { type CapacityEvent, ImpossibleError, Limiter, ManualClock } from "tollgate";

const START_MS = 1_800_000_000_000;
const SLOTS = { calls: { algorithm: "concurrency", slots: 2 } } as const;
const ADAPTIVE = { requests: { algorithm: "adaptive", capacity: 100, per: "1m" } } as const;

test("no more work goes on at the same time than there are slots, and a slot outlives its ttl", async () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter(SLOTS, { clock });
  let [running, most] = [0, 0];
  const gates: (() => void)[] = [];
  const work = async () => {
    most = Math.max(most, (running += 1));
    await new Promise<void>((resolve) => gates.push(resolve));
    running -= 1;
  };
  const all = Promise.all(Array.from({ length: 5 }, () => limiter.withSlot("alice", work, { ttlMs: 1_000 })));
  for (let done = 0; done < 5; done += 1) {
    while (gates.length === 0) await Promise.resolve();
    clock.advance(5_000);
    assert.equal(limiter.peek("alice").calls.held, running, "held as long as the work goes on");
    gates.shift()!();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
  await all;
  assert.equal(most, 2);
  assert.equal(limiter.peek("alice").calls.held, 0);
});

test("work that fails leaves no slot behind", async () => {
  const limiter = new Limiter(SLOTS, { clock: new ManualClock(START_MS) });
  await assert.rejects(limiter.withSlot("alice", () => Promise.reject(new Error("no"))), { message: "no" });
  assert.equal(limiter.peek("alice").calls.held, 0);
  await assert.rejects(limiter.acquire("alice"), ImpossibleError, "a slot has to be held");
});

test("a block lets nothing pass until it ends", () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter("10/s", { clock });
  limiter.control("alice", { block: { for: "30s" } });
  const denied = limiter.tryAcquire("alice");
  assert.deepEqual([denied.allowed, !denied.allowed && denied.retryAfterMs], [false, 30_000]);
  clock.advance(30_000);
  assert.equal(limiter.tryAcquire("alice").allowed, true);
});

test("a penalty is debt, and what somebody else counted lowers what is left", () => {
  const limiter = new Limiter<"requests">("10/s", { clock: new ManualClock(START_MS) });
  assert.equal(limiter.control("alice", { lower: { limit: "requests", remaining: 3 } }).requests.remaining, 3);
  assert.equal(limiter.control("alice", { penalise: { cost: 5 } }).requests.remaining, 0);
  const denied = limiter.tryAcquire("alice");
  assert.equal(!denied.allowed && denied.retryAfterMs, 300);
});

test("a reduction is told with who and why, and recovers", () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter(ADAPTIVE, { clock });
  const events: CapacityEvent<"requests">[] = [];
  const stop = limiter.onCapacityChange((event) => events.push(event));
  const note = { source: "worker-1", reason: "429" };
  limiter.control("alice", { reduce: { limit: "requests", ...note } });
  const change = { atMs: START_MS, capacity: 50, ...note };
  assert.deepEqual(events, [
    { key: "alice", limit: "requests", capacity: 50, original: 100, perMs: 60_000, change },
  ]);
  clock.advance(30_000);
  assert.equal(limiter.capacity("alice", "requests")?.capacity, 55);
  stop();
  limiter.control("alice", { setCapacity: { limit: "requests", capacity: 10, per: "1s" } });
  assert.deepEqual([events.length, limiter.capacity("alice", "requests")?.capacity], [1, 10]);
  assert.equal(new Limiter("1/s").capacity("alice", "requests"), undefined);
});
