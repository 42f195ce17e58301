/** What is not what it should be: a typed error that names the field, nothing charged, and nothing left behind. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  type Clock,
  CloudflareKvStore,
  DurableObjectStore,
  InvalidError,
  Limiter,
  ManualClock,
  MemoryStore,
  Policy,
  Pool,
  RedisStore,
  type Store,
  StoreLimiter,
  TollgateError,
  apply,
  tollgateHttp,
} from "tollgate";

const START_MS = 1_800_000_000_000;

const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
after(() => assert.deepEqual(unhandled, [], "no rejection is left to nobody"));

/** What is no whole number of 0 to 2^53 - 1. */
const NO_UNITS: readonly unknown[] = [NaN, Infinity, -Infinity, -0, -1, 0.5, 2 ** 53, 2 ** 64, 1n, "1", true, null, {}, [1], Symbol("1"), () => 1];
/** What is no key. */
const NO_KEYS: readonly unknown[] = ["", "x".repeat(513), "\ud800", "a\udc00b", 7, 7n, null, undefined, {}, ["a"], Symbol("a")];

function invalid(field: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof InvalidError, `${String(error)} is no InvalidError`);
    assert.equal(error.field, field);
    assert.equal(error.code, "invalid");
    assert.ok(error instanceof TollgateError && error.name === "InvalidError");
    return true;
  };
}

const limiterOf = (policy = "10/hour") => new Limiter<"requests">(policy, { clock: new ManualClock(START_MS) });

test("numbers that are none are refused wherever a number is asked for", async () => {
  const limiter = limiterOf();
  const held = limiter.tryReserve("alice");
  assert.ok(held.allowed);
  for (const it of NO_UNITS as readonly never[]) {
    const isCostByName = typeof it === "object" && it !== null && !Array.isArray(it);
    if (!isCostByName) {
      assert.throws(() => limiter.tryAcquire("alice", it), invalid("cost"));
      assert.throws(() => held.settle(it), invalid("cost"));
      await assert.rejects(limiter.acquire("alice", { cost: it }), invalid("cost"));
    }
    assert.throws(() => limiter.tryAcquire("alice", { requests: it }), invalid("cost.requests"));
    assert.throws(() => limiter.tryReserve("alice", { ttlMs: it }), invalid("ttlMs"));
    assert.throws(() => held.renew(it), invalid("ttlMs"));
    await assert.rejects(limiter.acquire("alice", { timeoutMs: it }), invalid("timeoutMs"));
    assert.throws(() => limiter.control("alice", { lower: { limit: "requests", remaining: it } }), invalid("lower.remaining"));
    assert.throws(() => new Limiter("1/s", { maxKeys: it }), invalid("maxKeys"));
    assert.throws(() => new Limiter("1/s", { maxWaiting: it }), invalid("maxWaiting"));
    assert.throws(() => new Policy({ a: { algorithm: "gcra", limit: it, per: "1s" } }), invalid("a.limit"));
    assert.throws(() => new ManualClock(it), invalid("nowMs"));
    assert.throws(() => new StoreLimiter("1/s", new MemoryStore(), { callMsMax: it }), invalid("callMsMax"));
  }
  assert.deepEqual([limiter.peek("alice").requests.remaining, limiter.peek("alice").requests.held], [9, 1]);
});

test("periods that are none are refused: no number, no unit, nothing, or longer than there is time", () => {
  for (const per of ["", "1", "s1", "1 fortnight", "-1s", "1.5s", "1e3s", "0s", "9".repeat(60) + "d", -1, 1.5, NaN, 1n, null, {}, "1s\n"]) {
    assert.throws(() => new Policy({ a: { algorithm: "gcra", limit: 1, per: per as string } }), invalid("a.per"), String(per));
  }
});

test("keys that are none are refused by every method, and nothing is remembered of them", async () => {
  const limiter = limiterOf();
  const shared = new StoreLimiter("10/hour", new MemoryStore());
  const edge = tollgateHttp("http://localhost:1", "api", { fetch: () => assert.fail("nobody is asked") });
  for (const key of NO_KEYS as readonly never[]) {
    for (const ask of [
      () => limiter.tryAcquire(key),
      () => limiter.tryReserve(key),
      () => limiter.peek(key),
      () => limiter.reset(key),
      () => limiter.control(key, { block: { for: "1s" } }),
      () => limiter.capacity(key, "requests"),
      () => shared.onCapacityChange(key, "requests", () => {}),
    ]) {
      assert.throws(ask, invalid("key"), `${String(key)} ${String(ask)}`);
    }
    assert.throws(() => Limiter.tryAcquireAll([{ limiter, key }]), invalid("legs[0].key"));
    await assert.rejects(StoreLimiter.tryAcquireAll([{ limiter: shared, key }]), invalid("legs[0].key"));
    for (const ask of [
      limiter.acquire(key),
      limiter.reserve(key),
      limiter.withSlot(key, () => assert.fail("no work is begun")),
      shared.tryAcquire(key),
      shared.acquire(key),
      shared.tryReserve(key),
      shared.reserve(key),
      shared.peek(key),
      shared.reset(key),
      shared.control(key, { block: { for: "1s" } }),
      shared.capacity(key, "requests"),
      edge.tryAcquire(key),
      edge.peek(key),
    ]) {
      await assert.rejects(ask, invalid("key"), String(key));
    }
  }
  assert.equal(limiter.size, 0);
});

test("names of JavaScript's own are names like any other", () => {
  const limiter = limiterOf("1/hour");
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "\u0000", "é", "e\u0301"]) {
    assert.deepEqual([limiter.tryAcquire(key).allowed, limiter.tryAcquire(key).allowed], [true, false], key);
  }
  const polluted = JSON.parse('{"__proto__": {"requests": 5}, "requests": 0}') as { requests: number };
  assert.throws(() => limiter.tryAcquire("alice", polluted), invalid("cost.__proto__"));
  assert.throws(() => limiter.tryAcquire("alice", { constructor: 1 } as never), invalid("cost.constructor"));
  assert.throws(() => limiter.control("alice", JSON.parse('{"__proto__": {}}') as never), invalid("operation"));
  assert.equal(({} as { requests?: number }).requests, undefined);
});

test("what keeps its values elsewhere is no cost, no policy and no options: it would be one without any field", async () => {
  const limiter = limiterOf();
  for (const given of [new Map([["requests", 5]]), new Set([5]), Promise.resolve(5), new Date(), Object(5), [5]]) {
    assert.throws(() => limiter.tryAcquire("alice", given as never), invalid("cost"), String(given));
    assert.throws(() => limiter.tryReserve("alice", given as never), invalid("options"), String(given));
    await assert.rejects(limiter.acquire("alice", given as never), invalid("options"), String(given));
    assert.throws(() => new Policy(given as never), invalid("policy"), String(given));
  }
  assert.equal(limiter.size, 0);
  class Cost {
    requests = 1;
  }
  assert.equal(limiter.tryAcquire("alice", new Cost()).allowed, true);
});

test("options that nobody reads, and what is no options, are refused by name", async () => {
  const limiter = limiterOf();
  assert.throws(() => new Limiter("1/s", { maxkeys: 5 } as never), invalid("maxkeys"));
  assert.throws(() => new Limiter("1/s", null as never), invalid("options"));
  assert.throws(() => limiter.tryReserve("alice", { ttl: 5 } as never), invalid("ttl"));
  assert.throws(() => limiter.tryReserve("alice", 5 as never), invalid("options"));
  await assert.rejects(limiter.acquire("alice", { timeout: 5 } as never), invalid("timeout"));
  await assert.rejects(limiter.acquire("alice", 5 as never), invalid("options"));
  assert.throws(() => new Pool([{ limiter, key: "a" }], { choice: "best" as never }), invalid("choice"));
  assert.throws(() => new Pool({} as never), invalid("members"));
  for (const clock of [null, {}, { now: 5, after: 5 }, () => 5]) {
    assert.throws(() => new Limiter("1/s", { clock: clock as never }), invalid("clock"), String(clock));
  }
  for (const store of [undefined, null, {}, { load: () => {} }, "redis://localhost"]) {
    assert.throws(() => new StoreLimiter("1/s", store as never), invalid("store"), String(store));
    assert.throws(() => new RedisStore(store as never), invalid("send"), String(store));
    assert.throws(() => new DurableObjectStore(store as never), invalid("storage"), String(store));
    assert.throws(() => new CloudflareKvStore(store as never), invalid("namespace"), String(store));
  }
});

test("functions that are none are refused by name, before anything is charged", async () => {
  const adaptive = { requests: { algorithm: "adaptive", capacity: 10, per: "1m" } } as const;
  const limiter = new Limiter(adaptive, { clock: new ManualClock(START_MS) });
  const shared = new StoreLimiter(adaptive, new MemoryStore());
  const edge = tollgateHttp("http://localhost:1", "api", { fetch: () => assert.fail("nobody is asked") });
  for (const it of [undefined, null, "work", {}] as never[]) {
    for (const slots of [limiter, shared, edge]) await assert.rejects(slots.withSlot("alice", it), invalid("work"));
    assert.throws(() => limiter.onCapacityChange(it), invalid("listener"));
    assert.throws(() => shared.onCapacityChange("alice", "requests", it), invalid("listener"));
  }
  assert.equal(limiter.peek("alice").requests.remaining, 10);
  assert.equal((await shared.peek("alice")).requests.remaining, 10);
});

test("members of a pool that are none are refused by name", () => {
  const limiter = limiterOf();
  const bad: [unknown, string][] = [
    [undefined, "members[1].limiter"],
    [null, "members[1].limiter"],
    [{ key: "alice" }, "members[1].limiter"],
    [{ limiter: new StoreLimiter("1/s", new MemoryStore()), key: "alice" }, "members[1].limiter"],
    [{ limiter }, "members[1].key"],
  ];
  for (const [member, field] of bad) {
    assert.throws(() => new Pool([{ limiter, key: "alice" }, member as never]), invalid(field), field);
  }
});

test("what may be left out may not be null", async () => {
  const adaptive = { requests: { algorithm: "adaptive", capacity: 10, per: "1m" } } as const;
  const limiter = new Limiter(adaptive, { clock: new ManualClock(START_MS) });
  const edge = tollgateHttp("http://localhost:1", "api", { fetch: () => assert.fail("nobody is asked") });
  const none = null as never;
  const bad: [() => unknown, string][] = [
    [() => new Policy({ a: { algorithm: "gcra", limit: 1, per: "1s", overrun: none } }), "a.overrun"],
    [() => new Policy({ a: { algorithm: "gcra", limit: 1, per: "1s", burst: none } }), "a.burst"],
    [() => limiter.control("alice", { reduce: { limit: "requests", factorPermille: none } }), "reduce.factorPermille"],
    [() => limiter.control("alice", { reduce: { limit: "requests", source: none } }), "reduce.source"],
    [() => limiter.control("alice", { reduce: { limit: "requests", reason: none } }), "reduce.reason"],
    [() => apply(limiter.policy, undefined, { acquire: { sharePermille: none } }, [1, 0]), "acquire.sharePermille"],
    [() => tollgateHttp("http://localhost:1", "api", { callMsMax: none }), "callMsMax"],
    [() => tollgateHttp("http://localhost:1", "api", { fetch: none }), "fetch"],
    [() => new Pool([{ limiter, key: "alice" }], { choice: none }), "choice"],
  ];
  for (const [ask, field] of bad) assert.throws(ask, invalid(field), field);
  const asked = [limiter, edge, new StoreLimiter("1/s", new MemoryStore())];
  for (const one of asked) await assert.rejects(async () => one.tryReserve("alice", { ttlMs: none }), invalid("ttlMs"));
  assert.equal(limiter.size, 0);
});

test("what is wrong is told before anybody waits, however long the line is", async () => {
  const limiter = limiterOf("1/hour");
  const shared = new StoreLimiter("1/hour", new MemoryStore());
  limiter.tryAcquire("alice");
  await shared.tryAcquire("alice");
  const controller = new AbortController();
  const { signal } = controller;
  const waits = [limiter, shared].map((one) => assert.rejects(one.acquire("alice", { signal }), { name: "AbortError" }));
  for (const one of [limiter, shared]) {
    await assert.rejects(one.acquire("alice", { cost: -1 }), invalid("cost"));
    await assert.rejects(one.reserve("alice", { cost: -1 }), invalid("cost"));
    await assert.rejects(one.reserve("alice", { ttlMs: 0 }), invalid("ttlMs"));
  }
  controller.abort();
  await Promise.all(waits);
});

test("what is no control is refused by name, in memory and in a store, and does nothing", async () => {
  const policy = { requests: "10/hour", calls: { algorithm: "adaptive", capacity: 10, per: "1m" } } as const;
  const limiter = new Limiter(policy, { clock: new ManualClock(START_MS) });
  const shared = new StoreLimiter(policy, new MemoryStore());
  const bad: [unknown, string][] = [
    [undefined, "operation"],
    [{}, "operation"],
    [{ acquire: {} }, "operation"],
    [{ release: { hold: "0".repeat(32) } }, "operation"],
    [{ reset: {} }, "operation"],
    [{ block: { for: "1s" }, penalise: {} }, "operation"],
    [{ block: { for: -1 } }, "block.for"],
    [{ lower: { limit: "tokens", remaining: 1 } }, "lower.limit"],
    [{ lower: { limit: "requests", remaining: NaN } }, "lower.remaining"],
    [{ reduce: { limit: "calls", factorPermille: 1_000 } }, "reduce.factorPermille"],
    [{ setCapacity: { limit: "calls", capacity: 5 } }, "setCapacity.per"],
    [{ reduce: { limit: "requests" } }, "reduce.limit"],
    [{ setCapacity: { limit: "requests", capacity: 5, per: "1s" } }, "setCapacity.limit"],
    [{ reduce: { limit: "tokens" } }, "reduce.limit"],
    [{ reduce: { limit: "calls", source: "x".repeat(65) } }, "reduce.source"],
    [{ reduce: { limit: "calls", reason: "é".repeat(129) } }, "reduce.reason"],
    [{ setCapacity: { limit: "calls", reason: 7 } }, "setCapacity.reason"],
  ];
  for (const [operation, field] of bad) {
    assert.throws(() => limiter.control("alice", operation as never), invalid(field), field);
    await assert.rejects(shared.control("alice", operation as never), invalid(field), field);
  }
  assert.deepEqual([limiter.size, (await shared.peek("alice")).requests.remaining], [0, 10]);
});

test("signals that are none are refused, aborted ones are obeyed, and neither leaves anybody in line", async () => {
  const limiter = limiterOf("1/hour");
  limiter.tryAcquire("alice");
  const shared = new StoreLimiter("1/hour", new MemoryStore());
  await shared.tryAcquire("alice");
  for (const signal of [null, {}, { aborted: false }, "abort"] as never[]) {
    await assert.rejects(limiter.acquire("alice", { signal }), invalid("signal"));
    await assert.rejects(shared.acquire("alice", { signal }), invalid("signal"));
  }
  for (const reason of [new Error("gone"), "gone", null]) {
    const signal = AbortSignal.abort(reason);
    const isReason = (error: unknown) => error === signal.reason;
    await assert.rejects(limiter.acquire("alice", { signal }), isReason);
    await assert.rejects(limiter.reserve("alice", { signal }), isReason);
    await assert.rejects(limiter.withSlot("alice", () => assert.fail(), { signal }), isReason);
    await assert.rejects(shared.acquire("alice", { signal }), isReason);
    await assert.rejects(shared.reserve("alice", { signal }), isReason);
  }
  limiter.reset("alice");
  await shared.reset("alice");
  assert.deepEqual([(await limiter.acquire("alice", { timeoutMs: 0 })).allowed, (await shared.acquire("alice")).allowed], [true, true]);
});

test("a slot is free again when work throws, is aborted while it waits, or settles by itself", async () => {
  const limiter = new Limiter({ calls: { algorithm: "concurrency", slots: 1 } }, { clock: new ManualClock(START_MS) });
  const held = () => limiter.peek("alice").calls.held;
  await assert.rejects(limiter.withSlot("alice", () => { throw new Error("at once"); }), { message: "at once" });
  await assert.rejects(limiter.withSlot("alice", async () => { throw new Error("later"); }), { message: "later" });
  await limiter.withSlot("alice", (slot) => slot.release());
  assert.equal(held(), 0);
  const controller = new AbortController();
  await limiter.withSlot("alice", async () => {
    const second = limiter.withSlot("alice", () => assert.fail("there is one slot"), { signal: controller.signal });
    controller.abort(new Error("enough"));
    await assert.rejects(second, { message: "enough" });
    assert.equal(held(), 1);
  });
  assert.equal(held(), 0);
});

test("work goes on when its limiter is disposed of, and nothing is thrown where nobody can catch it", async () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter({ calls: { algorithm: "concurrency", slots: 1 } }, { clock });
  const answer = await limiter.withSlot("alice", async () => {
    limiter[Symbol.dispose]();
    clock.advance(30_000);
    return "done";
  }, { ttlMs: 10_000 });
  assert.equal(answer, "done");
});

test("a disposed limiter refuses everything, twice is once, and what it gave out is over", async () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter<"requests">("1/hour", { clock });
  const held = limiter.tryReserve("alice");
  assert.ok(held.allowed);
  const waits = [limiter.acquire("alice"), limiter.reserve("alice"), limiter.withSlot("alice", () => assert.fail())];
  const refused = waits.map((wait) => assert.rejects(wait, { code: "disposed" }));
  await Promise.resolve();
  limiter[Symbol.dispose]();
  limiter[Symbol.dispose]();
  await Promise.all(refused);
  const disposed = { code: "disposed" };
  for (const ask of [
    () => limiter.tryAcquire("alice"),
    () => limiter.tryAcquire("bob"),
    () => limiter.tryReserve("alice"),
    () => limiter.peek("alice"),
    () => limiter.reset("alice"),
    () => limiter.control("alice", { block: { for: "1s" } }),
    () => limiter.capacity("alice", "requests"),
    () => Limiter.tryAcquireAll([{ limiter, key: "alice" }]),
    () => new Pool([{ limiter, key: "alice" }]).tryAcquire(),
  ]) {
    assert.throws(ask, disposed, String(ask));
  }
  await assert.rejects(limiter.acquire("alice"), disposed);
  assert.throws(() => held.renew(1_000), disposed);
  assert.throws(() => held.settle(), disposed);
  held[Symbol.dispose]();
  assert.equal(limiter.size, 0);
  clock.advance(10_000_000);
});

test("listeners that throw, and clocks that do, harm nobody else", () => {
  const limiter = new Limiter({ a: { algorithm: "adaptive", capacity: 10, per: "1m" } }, { clock: new ManualClock(START_MS) });
  let told = 0;
  limiter.onCapacityChange(() => { throw new Error("mine"); });
  limiter.onCapacityChange(() => void (told += 1));
  assert.throws(() => limiter.control("alice", { reduce: { limit: "a" } }), { message: "mine" });
  assert.deepEqual([told, limiter.capacity("alice", "a")?.capacity], [1, 5]);
  for (const now of [NaN, -1, 2 ** 54, "1", null, undefined, 1n]) {
    const clock = { now: () => now, after: () => () => {} } as unknown as Clock;
    assert.throws(() => new Limiter("1/s", { clock }).tryAcquire("alice"), invalid("clock"), String(now));
  }
});

test("a store that lies about a swap is believed for this answer, and never crashes", async () => {
  const lies: Store = { load: async () => ({ token: 1 }), swap: async () => true };
  assert.equal((await new StoreLimiter("1/hour", lies).tryAcquire("alice")).allowed, true);
  const later: Store = {
    load: () => new Promise((_, reject) => setTimeout(() => reject(new Error("too late")), 20)),
    swap: async () => true,
  };
  await assert.rejects(new StoreLimiter("1/hour", later, { callMsMax: 5 }).tryAcquire("alice"), { code: "store" });
  await new Promise((resolve) => setTimeout(resolve, 30));
  const text = new RedisStore(async () => "a text");
  await assert.rejects(new StoreLimiter("1/hour", text).tryAcquire("alice"), { code: "store" });
});

test("apply refuses what is no record, no time and no operation, by name", () => {
  const policy = new Policy("1/s");
  const now = [1_800_000_000, 0] as const;
  const bad: [unknown, unknown, unknown, string][] = [
    ["01", { acquire: {} }, now, "record"],
    [new Uint8Array([9]), { acquire: {} }, now, "record"],
    [undefined, { acquire: {} }, null, "now"],
    [undefined, { acquire: {} }, [1.5, 0], "now[0]"],
    [undefined, { acquire: {} }, [1, 1e9], "now[1]"],
    [undefined, { acquire: {}, reset: {} }, now, "operation"],
    [undefined, { steal: {} }, now, "operation"],
    [undefined, null, now, "operation"],
    [undefined, { release: { hold: "7" } }, now, "release.hold"],
    [undefined, { renew: { hold: { id: "0".repeat(32), ttl: "32d" } } }, now, "renew.hold.ttl"],
    [undefined, { acquire: { hold: { id: "0".repeat(32), ttl: 0 } } }, now, "acquire.hold.ttl"],
    [undefined, { acquire: { hold: { id: "0".repeat(32), ttl: "1s", ttlMs: 5 } } }, now, "acquire.hold.ttlMs"],
    [undefined, { acquire: { sharePermille: 1_001 } }, now, "acquire.sharePermille"],
    [undefined, { acquire: { costs: 5 } }, now, "acquire.costs"],
    [undefined, { penalise: { amount: 5 } }, now, "penalise.amount"],
    [undefined, { reset: { key: "alice" } }, now, "reset.key"],
  ];
  assert.throws(() => apply("1/s" as never, undefined, { acquire: {} }, now), invalid("policy"));
  for (const [record, operation, time, field] of bad) {
    assert.throws(() => apply(policy, record as Uint8Array, operation as never, time as never), invalid(field), field);
  }
});
