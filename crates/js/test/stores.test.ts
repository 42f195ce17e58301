import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CloudflareKvStore,
  DurableObjectStore,
  ManualClock,
  MemoryStore,
  RedisStore,
  type Store,
  StoreLimiter,
} from "tollgate";

const clock = () => new ManualClock(1_800_000_000_000);

/** A Redis of one map, that knows the one script by what it says of itself. */
function redis(): RedisStore {
  const records = new Map<string, Buffer>();
  return new RedisStore(async (command, ...args) => {
    if (command === "GET") return records.get(String(args[0])) ?? null;
    const [script, count, key, isThere, seen, record, ttl] = args;
    assert.match(String(script), /^-- Compare-and-swap of one key\./);
    assert.deepEqual([count, Number(ttl) > 0], ["1", true]);
    const before = records.get(String(key));
    if (isThere === "1" ? before === undefined || !before.equals(seen as Uint8Array) : before !== undefined)
      return before ?? null;
    records.set(String(key), Buffer.from(record as Uint8Array));
    return 1;
  });
}

/** The storage of a Durable Object, one transaction after the other. */
function durableObject(): DurableObjectStore {
  const values = new Map<string, unknown>();
  const get = async (key: string) => values.get(key);
  const put = async (key: string, value: Uint8Array) => void values.set(key, value);
  let last: Promise<unknown> = Promise.resolve();
  return new DurableObjectStore({
    get,
    transaction: (closure) => {
      const mine = last.then(() => closure({ get, put }));
      last = mine.catch(() => {});
      return mine;
    },
  });
}

const EXACT: readonly (readonly [name: string, make: () => Store])[] = [
  ["memory", () => new MemoryStore()],
  ["Redis", redis],
  ["a Durable Object", durableObject],
];

for (const [name, make] of EXACT) {
  test(`${name}: of many that ask at the same time exactly as many pass as the limit says`, async () => {
    const limiter = new StoreLimiter("8/hour", make(), {});
    let passed = 0;
    const ask = async () => {
      // Who finds the key busy asks again: nothing was let in.
      for (;;) {
        try {
          if ((await limiter.tryAcquire("alice")).allowed) passed += 1;
          return;
        } catch (error) {
          assert.equal((error as { code: string }).code, "busy");
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, ask));
    assert.equal(passed, 8);
  });
}

test("Workers KV: one after the other are counted, and records get a time to live", async () => {
  const values = new Map<string, Uint8Array>();
  const ttls: (number | undefined)[] = [];
  const store = new CloudflareKvStore({
    get: async (key) => (values.get(key)?.slice().buffer as ArrayBuffer | undefined) ?? null,
    put: async (key, value, options) => {
      values.set(key, value);
      ttls.push(options?.expirationTtl);
    },
  });
  const limiter = new StoreLimiter("2/hour", store, { clock: clock() });
  const passed = [];
  for (let count = 0; count < 3; count += 1) passed.push((await limiter.tryAcquire("alice")).allowed);
  assert.deepEqual(passed, [true, true, false]);
  assert.deepEqual(ttls, [1_861, 3_661]);
});

test("a reservation is settled for what it came to, and gone then", async () => {
  const limiter = new StoreLimiter({ tokens: "1000/minute" }, new MemoryStore(), { clock: clock() });
  const asked = await limiter.tryReserve("alice", { cost: 800 });
  assert.ok(asked.allowed);
  assert.equal((await limiter.tryAcquire("alice", 300)).allowed, false);
  const settled = await asked.settle(100);
  assert.ok(settled.settled);
  assert.equal(settled.limits.tokens.remaining, 900);
  assert.deepEqual(await asked.settle(100), { settled: false, reason: "gone" });
  assert.equal(await asked.release(), false);
});

test("a block with `await using` charges what is still held at its end", async () => {
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore(), { clock: clock() });
  {
    await using held = await limiter.reserve("alice", { cost: 4 });
    assert.equal(held.limits.requests.held, 4);
  }
  {
    await using held = await limiter.reserve("alice", { cost: 3 });
    assert.equal(await held.release(), true);
  }
  const { requests } = await limiter.peek("alice");
  assert.deepEqual([requests.remaining, requests.held], [6, 0]);
});

test("who waits passes in the order in which they came", async () => {
  const limiter = new StoreLimiter("50/s burst 1", new MemoryStore());
  const order: number[] = [];
  await Promise.all([1, 2, 3].map((name) => limiter.acquire("alice").then(() => order.push(name))));
  assert.deepEqual(order, [1, 2, 3]);
});

test("waiting ends at the timeout, and when it is aborted", async () => {
  const limiter = new StoreLimiter("1/hour", new MemoryStore());
  await limiter.acquire("alice");
  await assert.rejects(limiter.acquire("alice", { timeoutMs: 5 }), { code: "timeout" });
  await assert.rejects(limiter.acquire("alice", { signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
});

const swap = async () => true;

const faulty: readonly (readonly [name: string, store: Record<keyof Store, unknown>, code: string])[] = [
  ["can't load", { load: async () => Promise.reject(new Error("down")), swap }, "store"],
  ["throws at once", { load: () => { throw new Error("down"); }, swap }, "store"],
  ["hangs", { load: () => new Promise(() => {}), swap }, "store"],
  ["loads nonsense", { load: async () => ({ record: "text" }), swap }, "store"],
  ["loads nothing", { load: async () => undefined, swap }, "store"],
  ["loads what is far too long", { load: async () => ({ record: new Uint8Array(2 ** 20) }), swap }, "store"],
  ["throws when it is read", { load: async () => ({ get record() { throw new Error("no"); } }), swap }, "store"],
  ["loads no record", { load: async () => ({ record: new Uint8Array([9]), token: 1 }), swap }, "corrupt-record"],
  ["can't swap", { load: async () => ({ token: 1 }), swap: async () => Promise.reject(new Error("down")) }, "store"],
  ["hangs when it swaps", { load: async () => ({ token: 1 }), swap: () => new Promise(() => {}) }, "store"],
  ["swaps into nowhere", { load: async () => ({ token: 1 }), swap: async () => undefined }, "store"],
  ["always has a conflict", { load: async () => ({ token: 1 }), swap: async () => false }, "busy"],
];

for (const [name, store, code] of faulty) {
  test(`a store that ${name}: an error with a code, and nothing is let in`, async () => {
    const limiter = new StoreLimiter("10/hour", store as unknown as Store, { callMsMax: 20 });
    await assert.rejects(limiter.tryAcquire("alice"), { code });
    await assert.rejects(limiter.tryReserve("alice"), { code });
    await assert.rejects(limiter.control("alice", { block: { for: "1s" } }), { code });
  });
}

test("what Redis holds after a conflict is not taken for the number 1", async () => {
  for (const there of [Uint8Array.of(1), Buffer.from("1"), Buffer.of(1), null]) {
    const store = new RedisStore(async () => there);
    assert.equal(await store.swap("k", undefined, Uint8Array.of(2), null), false);
  }
  for (const written of [1, 1n, "1"]) {
    const store = new RedisStore(async () => written);
    assert.equal(await store.swap("k", undefined, Uint8Array.of(2), null), true);
  }
});
