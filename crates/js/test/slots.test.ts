/** Slots in a store and at an edge: held while work goes on, and free when it has ended. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ManualClock, MemoryStore, type Store, StoreLimiter, tollgateHttp } from "tollgate";

import { goOn } from "./go-on.js";

const SLOTS = { calls: { algorithm: "concurrency", slots: 1 } } as const;

/** A store whose loads fail as often as they are told to. */
class Failing extends MemoryStore {
  failures = 0;

  override load(key: string): ReturnType<MemoryStore["load"]> {
    if (this.failures === 0) return super.load(key);
    this.failures -= 1;
    return Promise.reject(new Error("down"));
  }
}

test("a store: a slot outlives its ttl while work goes on, even when it fails once, and is free then", async () => {
  const [clock, store] = [new ManualClock(1_800_000_000_000), new Failing()];
  const limiter = new StoreLimiter(SLOTS, store as Store, { clock });
  const answer = await limiter.withSlot("alice", async () => {
    for (const failures of [0, 1, 0]) {
      store.failures = failures;
      await goOn(clock, 900);
    }
    assert.equal((await limiter.tryReserve("alice")).allowed, false);
    return "done";
  }, { ttlMs: 1_000 });
  assert.equal(answer, "done");
  assert.equal((await limiter.peek("alice")).calls.held, 0);
});

test("a store: work that fails leaves no slot behind, and a store that fails at the end loses no answer", async () => {
  const [clock, store] = [new ManualClock(1_800_000_000_000), new Failing()];
  const limiter = new StoreLimiter(SLOTS, store as Store, { clock });
  await assert.rejects(limiter.withSlot("alice", () => { throw new Error("no"); }), { message: "no" });
  const answer = await limiter.withSlot("alice", () => ((store.failures = 5), "done"), { ttlMs: 1_000 });
  assert.equal(answer, "done");
  store.failures = 0;
  assert.equal((await limiter.peek("alice")).calls.held, 1, "nobody could settle it");
  await goOn(clock, 3_000);
  assert.equal((await limiter.peek("alice")).calls.held, 0, "nor does anybody renew it");
});

test("an edge: a slot is renewed while work goes on, and settled once", async () => {
  const [clock, asked] = [new ManualClock(1_800_000_000_000), [] as string[]];
  const fetch = async (url: string) => {
    asked.push(new URL(url).pathname);
    return new Response('{"allowed":true}', { headers: { "preference-applied": "return=minimal", "tollgate-lease": "token" } });
  };
  const edge = tollgateHttp("http://edge", "calls", { fetch, clock });
  await edge.withSlot("alice", () => goOn(clock, 750), { ttlMs: 900 });
  await goOn(clock, 2_000);
  assert.deepEqual(asked, ["/v1/acquire", "/v1/renew", "/v1/renew", "/v1/settle"]);
});
