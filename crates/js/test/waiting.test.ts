/** Who waits for room that is in a store, at an edge, or at a barrier: in order, and no more of them than may. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ManualClock, MemoryStore, StoreLimiter, tollgateHttp } from "tollgate";
import { Barrier } from "tollgate/upstream";

import { goOn } from "./go-on.js";

const START_MS = 1_800_000_000_000;
const FULL = { name: "FullError", code: "too-many-waiting" };

/** An edge that lets one pass in a hundred milliseconds of this clock, of each key. */
function edge(clock: ManualClock): (url: string, init: RequestInit) => Promise<Response> {
  const free = new Map<string, number>();
  return async (_, { body }) => {
    const { key } = JSON.parse(String(body)) as { key: string };
    const wait = Math.max(0, (free.get(key) ?? START_MS) - clock.now());
    if (wait === 0) free.set(key, clock.now() + 100);
    const limits = `"requests";limit=1;remaining=0;retry_after_ms=${wait}`;
    const headers = { "preference-applied": "return=minimal", "tollgate-limits": limits, "retry-after": "1" };
    return new Response(null, { status: wait === 0 ? 200 : 429, headers });
  };
}

interface Asked {
  acquire(key: string, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<unknown>;
}

const KINDS: readonly (readonly [name: string, make: (clock: ManualClock, maxWaiting: number) => Asked])[] = [
  ["a store", (clock, maxWaiting) => new StoreLimiter("10/s burst 1", new MemoryStore(), { clock, maxWaiting })],
  ["an edge", (clock, maxWaiting) => tollgateHttp("http://edge", "api", { fetch: edge(clock), clock, maxWaiting })],
];

for (const [name, make] of KINDS) {
  test(`${name}: no more callers wait than may, whether in front or behind, and who has passed waits no more`, async () => {
    const clock = new ManualClock(START_MS);
    const limiter = make(clock, 2);
    await limiter.acquire("alice");
    const passed: number[] = [];
    const [first, second] = [1, 2].map((caller) => limiter.acquire("alice").then(() => passed.push(caller)));
    await goOn(clock, 0);
    await assert.rejects(limiter.acquire("alice"), FULL);
    await assert.rejects(limiter.acquire("alice", { timeoutMs: 0 }), { code: "timeout" }, "it would not have waited");
    await limiter.acquire("bob");
    const third = assert.rejects(limiter.acquire("bob"), FULL, "all keys count together");
    await goOn(clock, 100);
    await Promise.all([first, third]);
    const fourth = limiter.acquire("alice").then(() => passed.push(4));
    await goOn(clock, 200);
    await Promise.all([second, fourth]);
    assert.deepEqual(passed, [1, 2, 4]);
  });

  test(`${name}: where nobody may wait, who is let in at once passes`, async () => {
    const limiter = make(new ManualClock(START_MS), 0);
    await limiter.acquire("alice");
    await assert.rejects(limiter.acquire("alice"), FULL);
    await limiter.acquire("bob");
  });

  test(`${name}: who gives up leaves its place in line to the next, and waits no more`, async () => {
    const clock = new ManualClock(START_MS);
    const limiter = make(clock, 3);
    await limiter.acquire("alice");
    const passed: number[] = [];
    const controller = new AbortController();
    const aborted = assert.rejects(limiter.acquire("alice", { signal: controller.signal }), { message: "enough" });
    const late = assert.rejects(limiter.acquire("alice", { timeoutMs: 50 }), { code: "timeout" });
    const third = limiter.acquire("alice").then(() => passed.push(3));
    await goOn(clock, 0);
    controller.abort(new Error("enough"));
    await goOn(clock, 60);
    await Promise.all([aborted, late]);
    const [fourth, fifth] = [4, 5].map((caller) => limiter.acquire("alice").then(() => passed.push(caller)));
    await goOn(clock, 300);
    await Promise.all([third, fourth, fifth]);
    assert.deepEqual(passed, [3, 4, 5]);
  });
}

test("a barrier: a party too many is refused before it arrives, and those that passed wait no more", async () => {
  const [store, clock] = [new MemoryStore(), new ManualClock(START_MS)];
  const barrier = new Barrier(store, "start", 3, { clock, maxWaiting: 2 });
  const waits = [barrier.wait(), barrier.wait()];
  await goOn(clock, 10);
  await assert.rejects(barrier.wait(), FULL);
  assert.equal((await barrier.query())?.present, 2);
  const last = new Barrier(store, "start", 3, { clock }).wait();
  await goOn(clock, 100);
  assert.deepEqual((await Promise.all([...waits, last])).map(({ generation }) => generation), ["1", "1", "1"]);
  await assert.rejects(barrier.wait({ timeoutMs: 0 }), { code: "timeout" });
  assert.throws(() => new Barrier(store, "start", 3, { maxWaiting: -1 }), { field: "maxWaiting" });
});
