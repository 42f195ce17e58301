import assert from "node:assert/strict";
import { test } from "node:test";

import { FullError, ImpossibleError, InvalidError, Limiter, ManualClock, TimeoutError } from "tollgate";

const START_MS = 1_800_000_000_000;

function limiterOf(policy: string, options: object = {}): { limiter: Limiter; clock: ManualClock } {
  const clock = new ManualClock(START_MS);
  return { limiter: new Limiter<"requests">(policy, { clock, ...options }), clock };
}

/** Lets everything that can go on go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test("a burst passes, and the next one exactly when it is told", () => {
  const { limiter, clock } = limiterOf("10/s burst 2");
  assert.equal(limiter.tryAcquire("alice").allowed, true);
  assert.equal(limiter.tryAcquire("alice").allowed, true);
  const denied = limiter.tryAcquire("alice");
  assert.deepEqual(denied, {
    allowed: false,
    reason: "limited",
    retryAfterMs: 100,
    limits: {
      requests: { verdict: "limited", limit: 2, remaining: 0, held: 0, retryAfterMs: 100, resetAfterMs: 200, delayMs: 0 },
    },
  });
  assert.equal(limiter.tryAcquire("bob").allowed, true, "keys have nothing to do with each other");
  clock.advance(99);
  assert.equal(limiter.tryAcquire("alice").allowed, false);
  clock.advance(1);
  assert.equal(limiter.tryAcquire("alice").allowed, true);
});

test("a cost above the burst never passes, and says so", async () => {
  const { limiter } = limiterOf("10/s burst 2");
  const decision = limiter.tryAcquire("alice", 3);
  assert.ok(!decision.allowed && decision.reason === "impossible");
  await assert.rejects(limiter.acquire("alice", { cost: 3 }), ImpossibleError);
});

test("several limits are charged together or not at all", () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter({ requests: "60/minute", input_tokens: "1000/minute", output_tokens: "500/minute" }, { clock });
  const cost = { input_tokens: 900, output_tokens: 10 };
  assert.equal(limiter.tryAcquire("team-7", cost).allowed, true);
  const denied = limiter.tryAcquire("team-7", cost);
  assert.equal(denied.allowed, false);
  assert.deepEqual(Object.entries(denied.limits).map(([name, it]) => [name, it.verdict]), [
    ["requests", "allowed"],
    ["input_tokens", "limited"],
    ["output_tokens", "allowed"],
  ]);
  assert.equal(limiter.peek("team-7").output_tokens.remaining, 490);
});

test("who waits passes at its time, in the order in which they came", async () => {
  const { limiter, clock } = limiterOf("10/s burst 1");
  const order: string[] = [];
  for (const name of ["first", "second", "third"]) void limiter.acquire("alice").then(() => order.push(name));
  await settled();
  assert.deepEqual(order, ["first"]);
  clock.advance(99);
  await settled();
  assert.deepEqual(order, ["first"]);
  clock.advance(1);
  await settled();
  assert.deepEqual(order, ["first", "second"]);
  clock.advance(1_000);
  await settled();
  assert.deepEqual(order, ["first", "second", "third"]);
});

test("a small request does not overtake a large one that waits", async () => {
  const { limiter, clock } = limiterOf("10/s burst 5");
  limiter.tryAcquire("alice", 5);
  const order: number[] = [];
  for (const cost of [5, 1]) void limiter.acquire("alice", { cost }).then(() => order.push(cost));
  clock.advance(100);
  await settled();
  assert.deepEqual(order, []);
  clock.advance(500);
  await settled();
  assert.deepEqual(order, [5, 1]);
});

test("waiting ends at the timeout, and charges nothing", async () => {
  const { limiter, clock } = limiterOf("10/minute burst 1");
  limiter.tryAcquire("alice");
  const waits = limiter.acquire("alice", { timeoutMs: 1_000 });
  await settled();
  clock.advance(1_000);
  await assert.rejects(waits, (error) => error instanceof TimeoutError && error.code === "timeout");
  clock.advance(5_000);
  assert.equal(limiter.tryAcquire("alice").allowed, true);
});

test("an aborted wait makes way for the next, and an aborted signal is not even asked", async () => {
  const { limiter, clock } = limiterOf("10/s burst 2");
  limiter.tryAcquire("alice", 2);
  const controller = new AbortController();
  const large = limiter.acquire("alice", { cost: 2, signal: controller.signal });
  const small = limiter.acquire("alice");
  await settled();
  clock.advance(100);
  controller.abort(new Error("gone"));
  await assert.rejects(large, { message: "gone" });
  assert.equal((await small).allowed, true);
  await assert.rejects(limiter.acquire("bob", { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(limiter.peek("bob").requests.remaining, 2);
});

test("a reservation is settled for what it came to, and what is left is there at once", () => {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter({ tokens: "1000/minute" }, { clock });
  const asked = limiter.tryReserve("alice", { cost: 800, ttlMs: 10_000 });
  assert.ok(asked.allowed);
  assert.equal(limiter.tryAcquire("alice", 300).allowed, false);
  const settled = asked.settle(100);
  assert.ok(settled.settled);
  assert.equal(settled.limits.tokens.remaining, 900);
  assert.deepEqual(asked.settle(100), { settled: false, reason: "gone" });
  assert.equal(asked.release(), false);
});

test("a reservation that is released wakes who waits", async () => {
  const { limiter } = limiterOf("1/hour");
  const asked = limiter.tryReserve("alice");
  assert.ok(asked.allowed);
  const waits = limiter.acquire("alice");
  await settled();
  assert.equal(asked.release(), true);
  assert.equal((await waits).allowed, true);
});

test("a block with `using` charges what is still held at its end", async () => {
  const { limiter } = limiterOf("10/hour");
  {
    using held = await limiter.reserve("alice", { cost: 4 });
    assert.equal(held.limits.requests.held, 4);
  }
  {
    await using held = await limiter.reserve("alice", { cost: 3 });
    held.settle(1);
  }
  assert.deepEqual([limiter.peek("alice").requests.remaining, limiter.peek("alice").requests.held], [5, 0]);
});

test("a key is forgotten only when nothing of it is left, and a full limiter says so", () => {
  const { limiter, clock } = limiterOf("1/s", { maxKeys: 3 });
  for (const key of ["a", "b", "c"]) limiter.tryAcquire(key);
  assert.throws(() => limiter.tryAcquire("d"), (error) => error instanceof FullError && error.code === "too-many-keys");
  clock.advance(999);
  assert.throws(() => limiter.tryAcquire("d"), FullError);
  clock.advance(1);
  assert.equal(limiter.tryAcquire("d").allowed, true);
  assert.equal(limiter.size, 3);
});

test("an idle limiter shrinks while new keys come", () => {
  const { limiter, clock } = limiterOf("1/s");
  for (let key = 0; key < 10_000; key += 1) {
    limiter.tryAcquire(`key-${key}`);
    clock.advance(10);
  }
  assert.ok(limiter.size <= 400, `${limiter.size} keys are remembered, of which 100 matter`);
});

test("looking remembers nothing, and a reset forgets everything", () => {
  const { limiter } = limiterOf("1/hour");
  assert.equal(limiter.peek("alice").requests.remaining, 1);
  assert.equal(limiter.size, 0);
  limiter.tryAcquire("alice");
  limiter.reset("alice");
  assert.equal(limiter.tryAcquire("alice").allowed, true);
});

test("keys are any text: names of JavaScript's own mean nothing", () => {
  const { limiter } = limiterOf("1/hour");
  for (const key of ["__proto__", "constructor", "toString", "\u0000", "😀"]) {
    assert.equal(limiter.tryAcquire(key).allowed, true);
    assert.equal(limiter.tryAcquire(key).allowed, false);
  }
  const policy = JSON.parse('{"__proto__": "1/hour"}') as Record<string, string>;
  assert.equal(new Limiter(policy).peek("a")["__proto__"]?.remaining, 1);
});

test("a disposed limiter refuses, and who waits is told", async () => {
  const { limiter } = limiterOf("1/hour");
  limiter.tryAcquire("alice");
  const waits = limiter.acquire("alice");
  await settled();
  limiter[Symbol.dispose]();
  await assert.rejects(waits, { code: "disposed" });
  assert.throws(() => limiter.tryAcquire("alice"), { code: "disposed" });
  assert.throws(() => limiter.peek("alice"), { code: "disposed" });
});

test("bad arguments are refused by name, and charge nothing", () => {
  const { limiter } = limiterOf("10/hour");
  const bad: [unknown, unknown, string][] = [
    ...[NaN, Infinity, -0, -1, 0.5, 2 ** 53, 1n, "1", null].map((cost) => ["a", cost, "cost"] as [unknown, unknown, string]),
    ["a", { requests: 1.5 }, "cost.requests"],
    ["a", { tokens: 1 }, "cost.tokens"],
    ["", 1, "key"],
    ["x".repeat(513), 1, "key"],
    ["\ud800", 1, "key"],
    [7, 1, "key"],
    [undefined, 1, "key"],
  ];
  for (const [key, cost, field] of bad) {
    const ask = () => limiter.tryAcquire(key as string, cost as number);
    assert.throws(ask, (error) => error instanceof InvalidError && error.field === field && error.code === "invalid", String(cost));
  }
  assert.equal(limiter.peek("a").requests.remaining, 10);
  assert.equal(limiter.size, 0);
});

test("bad policies are refused by the field that is wrong", () => {
  const bad: [unknown, string][] = [
    ["", "requests"],
    ["10/fortnight", "requests.per"],
    [`10/s${" ".repeat(200)}and more`, "requests"],
    ["0/s", "requests.limit"],
    ["10/s burst 0", "requests.burst"],
    [null, "policy"],
    [{ "input tokens": "1/s" }, "input tokens.name"],
    [{ requests: { algorithm: "gcra", limit: 1.5, per: "1s" } }, "requests.limit"],
    [{ requests: { algorithm: "gcra", limit: 1, per: -1 } }, "requests.per"],
    [{ requests: { algorithm: "gcra", limit: 1, per: "0s" } }, "requests.per"],
    [{ requests: { algorithm: "gcra", limit: 1, per: "1s", bust: 2 } }, "requests.bust"],
    [{ requests: { algorithm: "grca", limit: 1, per: "1s" } }, "requests.algorithm"],
    [{ a: { algorithm: "adaptive", capacity: 1, per: "1s", recoveryFactorPermille: 1 } }, "a.recoveryFactorPermille"],
    [{ w: { algorithm: "fixed-window", limit: 1, calendar: "day", utcOffset: "+25:00" } }, "w.utcOffset"],
  ];
  for (const [policy, field] of bad) {
    const make = () => new Limiter(policy as string);
    assert.throws(make, (error) => error instanceof InvalidError && error.field === field, JSON.stringify(policy));
  }
});

test("a clock that shows no time is refused", () => {
  const clock = { now: () => NaN, after: () => () => {} };
  assert.throws(() => new Limiter("1/s", { clock }).tryAcquire("a"), (error) => error instanceof InvalidError && error.field === "clock");
});

test("a cost is read once, however long its caller waits", async () => {
  const clock = new ManualClock(1_800_000_000_000);
  const limiter = new Limiter({ requests: { algorithm: "token-bucket", capacity: 10, refill: 10, per: "10s" } }, { clock });
  limiter.tryAcquire("alice", 10);
  const cost = { requests: 1 };
  const waits = limiter.acquire("alice", { cost });
  await Promise.resolve();
  cost.requests = 5;
  clock.advance(1_000);
  await waits;
  assert.equal(limiter.peek("alice").requests.remaining, 0);
  clock.advance(1_000);
  assert.equal(limiter.peek("alice").requests.remaining, 1);
});
