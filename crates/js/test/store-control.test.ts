import assert from "node:assert/strict";
import { test } from "node:test";

import { type CapacityEvent, ManualClock, MemoryStore, type Store, StoreLimiter } from "tollgate";

const START_MS = 1_800_000_000_000;
const ADAPTIVE = { requests: { algorithm: "adaptive", capacity: 100, per: "1m" } } as const;
const UUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

const clock = () => new ManualClock(START_MS);

/** Lets everything that can go on go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

test("a request that is asked again under its id is charged once", async () => {
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore(), { clock: clock() });
  for (const requestId of [UUID, UUID.toUpperCase(), UUID.replaceAll("-", "")]) {
    assert.equal((await limiter.tryAcquire("alice", 4, { requestId })).allowed, true);
  }
  assert.equal((await limiter.peek("alice")).requests.remaining, 6);
  await limiter.acquire("alice", { cost: 4, requestId: UUID });
  assert.equal((await limiter.peek("alice")).requests.remaining, 6);
});

test("a reservation that is asked again under its id is the same one", async () => {
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore(), { clock: clock() });
  const [one, same] = [await limiter.reserve("alice", { cost: 4, requestId: UUID }), await limiter.reserve("alice", { cost: 4, requestId: UUID })];
  assert.equal((await limiter.peek("alice")).requests.held, 4);
  assert.equal(await same.release(), true);
  assert.equal(await one.release(), false);
  await assert.rejects(limiter.reserve("alice", { cost: 4, requestId: UUID }), { code: "lease-gone" });
  assert.equal((await limiter.peek("alice")).requests.remaining, 10);
});

test("a swap of which nobody knows whether it wrote is charged once", async () => {
  const inner = new MemoryStore();
  let failures = 1;
  const store: Store<Uint8Array | undefined> = {
    load: (key) => inner.load(key),
    async swap(key, token, record) {
      const swapped = await inner.swap(key, token, record);
      if (failures-- > 0) throw new Error("the answer was lost");
      return swapped;
    },
  };
  const limiter = new StoreLimiter<"requests">("10/hour", store as Store);
  const asked = limiter.tryAcquire("alice", 3, { requestId: UUID }).catch(() => limiter.tryAcquire("alice", 3, { requestId: UUID }));
  assert.equal((await asked).allowed, true);
  assert.equal((await limiter.peek("alice")).requests.remaining, 7);
});

test("a block, a penalty and a reset are seen by all who share the store", async () => {
  const [store, time] = [new MemoryStore(), clock()];
  const [one, other] = [0, 1].map(() => new StoreLimiter<"requests">("10/hour", store, { clock: time }));
  assert.equal((await one!.control("alice", { penalise: { cost: 4 } })).requests.remaining, 6);
  assert.equal((await one!.control("alice", { lower: { limit: "requests", remaining: 2 } })).requests.remaining, 2);
  await one!.control("alice", { block: { for: "30s" } });
  const denied = await other!.tryAcquire("alice");
  assert.equal(!denied.allowed && denied.retryAfterMs, 30_000);
  await other!.reset("alice");
  assert.equal((await one!.peek("alice")).requests.remaining, 10);
});

test("changes at the same time are all made", async () => {
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore());
  await Promise.all([1, 2, 3].map(() => limiter.control("alice", { penalise: { cost: 1 } })));
  assert.equal((await limiter.peek("alice")).requests.remaining, 7);
});

test("a capacity that another process reduced is told to who watches, once", async () => {
  const [store, time] = [new MemoryStore(), clock()];
  const [one, other] = [0, 1].map(() => new StoreLimiter(ADAPTIVE, store, { clock: time }));
  const events: CapacityEvent<"requests">[] = [];
  const stop = one!.onCapacityChange("eu", "requests", (event) => events.push(event), { everyMs: 500 });
  await settled();
  await other!.control("eu", { reduce: { limit: "requests", source: "worker-2", reason: "429" } });
  for (let look = 0; look < 3; look += 1) {
    time.advance(500);
    await settled();
  }
  assert.deepEqual(events.map(({ key, capacity, change }) => [key, capacity, change?.source]), [["eu", 50, "worker-2"]]);
  assert.equal((await one!.capacity("eu", "requests"))?.original, 100);
  stop();
  await other!.control("eu", { reduce: { limit: "requests" } });
  time.advance(500);
  await settled();
  assert.equal(events.length, 1);
});

test("several keys are charged together or not at all, on limiters of several policies", async () => {
  const [store, time] = [new MemoryStore(), clock()];
  const users = new StoreLimiter<"requests">("10/hour", store, { clock: time, prefix: "user:" });
  const teams = new StoreLimiter({ tokens: "100/hour" }, store, { clock: time, prefix: "team:" });
  const ask = (cost: number) =>
    StoreLimiter.tryAcquireAll([
      { limiter: users, key: "alice" },
      { limiter: teams, key: "acme", cost: { tokens: cost } },
    ]);
  assert.equal((await ask(80)).allowed, true);
  const denied = await ask(80);
  assert.ok(!denied.allowed);
  assert.deepEqual([denied.reason, denied.deniedBy, denied.retryAfterMs], ["limited", [1], 2_160_000]);
  const [{ requests }, { tokens }] = [await users.peek("alice"), await teams.peek("acme")];
  assert.deepEqual([requests.remaining, requests.held, tokens.remaining, tokens.held], [9, 0, 20, 0]);
  const never = await ask(101);
  assert.ok(!never.allowed && never.reason === "impossible");
});

test("several keys that can't be asked together are refused by name", async () => {
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore());
  const leg = { limiter, key: "alice" };
  const bad: [unknown, string][] = [
    [[], "legs"],
    [null, "legs"],
    [[{ key: "alice" }], "legs[0].limiter"],
    [[null], "legs[0].limiter"],
    [[leg, leg], "legs[1]"],
    [[{ ...leg, key: 7 }], "legs[0].key"],
    [[{ ...leg, cost: -0 }], "legs[0].cost"],
    [[{ ...leg, costs: 1 }], "legs[0].costs"],
    [Array.from({ length: 9 }, (_, index) => ({ limiter, key: `${index}` })), "legs"],
  ];
  for (const [legs, field] of bad) {
    await assert.rejects(StoreLimiter.tryAcquireAll(legs as []), { code: "invalid", field }, field);
  }
  await assert.rejects(StoreLimiter.tryAcquireAll([leg], { requestId: "7" }), { field: "requestId" });
});
