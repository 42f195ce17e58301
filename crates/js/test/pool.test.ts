/** One of several limiters: who is asked first, who waits, and what is known of the member that let it pass. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ImpossibleError, InvalidError, Limiter, type LimiterOptions, ManualClock, Pool } from "tollgate";

import { goOn } from "./go-on.js";

const START_MS = 1_800_000_000_000;

/** A pool of keys in two regions, on one limiter. */
function poolOf(policy: string, { maxWaiting }: { maxWaiting?: number } = {}) {
  const clock = new ManualClock(START_MS);
  const limiter = new Limiter<"requests">(policy, { clock });
  const members = ["eu", "us"].map((key) => ({ limiter, key, region: key }));
  return { clock, limiter, pool: new Pool(members, maxWaiting === undefined ? {} : { maxWaiting }) };
}

/** A pool of two members with a slot each. */
function slots(options: LimiterOptions) {
  const limiter = new Limiter({ calls: { algorithm: "concurrency", slots: 1 } }, options);
  return { limiter, pool: new Pool(["eu", "us"].map((key) => ({ limiter, key }))) };
}

test("a pool asks the next member when one is full", () => {
  const { pool } = poolOf("1/hour");
  const regions = Array.from({ length: 3 }, () => pool.tryAcquire().member?.region);
  assert.deepEqual(regions, ["eu", "us", undefined]);
  for (const count of [0, 17]) {
    const members = Array.from({ length: count }, () => pool.members[0]!);
    assert.throws(() => new Pool(members), (error) => error instanceof InvalidError && error.field === "members");
  }
});

test("a pool may begin with the member that has the most room, or with any", () => {
  const { limiter, pool } = poolOf("10/hour");
  limiter.tryAcquire("eu", 5);
  assert.equal(new Pool(pool.members, { choice: "most-room" }).tryAcquire().member?.key, "us");
  assert.equal(new Pool(pool.members, { choice: "random" }).tryAcquire().allowed, true);
});

test("a request is impossible when it is on every member, and limited when one of them may let it pass some day", async () => {
  const small = new Limiter("1/hour");
  const budget = new Limiter({ requests: { algorithm: "token-bucket", capacity: 5, refill: 0 } });
  budget.tryAcquire("alice");
  const pool = new Pool([small, budget].map((limiter) => ({ limiter, key: "alice" })));
  // Whichever of them is asked first.
  for (const _ of pool.members) {
    const denied = pool.tryAcquire(5);
    assert.ok(!denied.allowed && denied.reason === "limited" && denied.retryAfterMs === null);
  }
  await assert.rejects(pool.acquire({ cost: 6 }), ImpossibleError);
  const waits = pool.acquire({ cost: 5 });
  budget.reset("alice");
  assert.equal((await waits).member.limiter, budget);
});

test("who waits for a pool passes in order, on the member that has room first, when it has", async () => {
  const { clock, limiter, pool } = poolOf("1/s");
  limiter.tryAcquire("eu");
  await goOn(clock, 400);
  limiter.tryAcquire("us");
  const passed: [number, string][] = [];
  const waits = [1, 2, 3].map((caller) => pool.acquire().then(({ member }) => passed.push([caller, member.region])));
  for (const [millis, expected] of [[590, 0], [10, 1], [390, 1], [10, 2], [590, 2], [10, 3]] as const) {
    await goOn(clock, millis);
    assert.equal(passed.length, expected);
  }
  await Promise.all(waits);
  assert.deepEqual(passed, [[1, "eu"], [2, "us"], [3, "eu"]]);
});

test("what is given back on any member lets the first in line pass at once, behind those in the member's own line", async () => {
  const clock = new ManualClock(START_MS);
  const { limiter, pool } = slots({ clock });
  const [eu, us] = [pool.tryReserve(), pool.tryReserve()];
  assert.ok(eu.allowed && us.allowed && !pool.tryReserve().allowed);
  const passed: string[] = [];
  const inPool = pool.reserve().then((held) => (passed.push(`pool ${held.member.key}`), held));
  const inLine = limiter.reserve("us").then((held) => (passed.push("line us"), held));
  us.release();
  await inLine;
  assert.deepEqual(passed, ["line us"]);
  eu.settle();
  const held = await inPool;
  assert.deepEqual(passed, ["line us", "pool eu"]);
  held.release();
  assert.equal(limiter.peek("eu").calls.held, 0);
});

test("who gives up is told why, and leaves its place to the next and no slot behind", async () => {
  const clock = new ManualClock(START_MS);
  const { limiter, pool } = slots({ clock });
  const held = [pool.tryReserve(), pool.tryReserve()];
  const controller = new AbortController();
  const aborted = assert.rejects(pool.reserve({ signal: controller.signal }), { message: "enough" });
  const late = assert.rejects(pool.reserve({ timeoutMs: 50 }), { code: "timeout" });
  const last = pool.reserve();
  controller.abort(new Error("enough"));
  await goOn(clock, 50);
  await Promise.all([aborted, late]);
  for (const one of held) if (one.allowed) one.release();
  const { member } = await last;
  await goOn(clock, 0);
  assert.equal(limiter.peek(member.key).calls.held, 1);
  assert.equal(limiter.peek(member.key === "eu" ? "us" : "eu").calls.held, 0);
  await assert.rejects(pool.acquire({ timeoutMs: 0, cost: { calls: 1 } }), ImpossibleError, "a slot is held, or nothing");
});

test("no more callers wait for a pool than may", async () => {
  const { clock, pool } = poolOf("1/s", { maxWaiting: 1 });
  pool.tryAcquire();
  pool.tryAcquire();
  const first = pool.acquire();
  await assert.rejects(pool.acquire(), { name: "FullError", code: "too-many-waiting" });
  await goOn(clock, 1_000);
  assert.equal((await first).allowed, true);
});

test("work has a slot of a member, and the slot is free again however work ends", async () => {
  const { limiter, pool } = slots({ clock: new ManualClock(START_MS) });
  const both = await pool.withSlot((first) => pool.withSlot((second) => [first.member.key, second.member.key]));
  assert.deepEqual(both, ["eu", "us"]);
  await assert.rejects(pool.withSlot(() => { throw new Error("mine"); }), { message: "mine" });
  assert.deepEqual(["eu", "us"].map((key) => limiter.peek(key).calls.held), [0, 0]);
});

test("what is wrong is told before anybody waits", async () => {
  const { pool } = poolOf("1/hour");
  pool.tryAcquire();
  pool.tryAcquire();
  const controller = new AbortController();
  const waits = assert.rejects(pool.acquire({ signal: controller.signal }), { name: "AbortError" });
  const bad: [Promise<unknown>, string][] = [
    [pool.acquire({ cost: -1 }), "cost"],
    [pool.reserve({ cost: NaN }), "cost"],
    [pool.reserve({ ttlMs: 0 }), "ttlMs"],
    [pool.acquire({ timeoutMs: -1 }), "timeoutMs"],
    [pool.acquire({ ttlMs: 5 } as never), "ttlMs"],
  ];
  for (const [asked, field] of bad) await assert.rejects(asked, { code: "invalid", field });
  controller.abort();
  await waits;
});

test("who waits for a pool is told when a member's limiter is disposed of", async () => {
  const { limiter, pool } = poolOf("1/hour");
  pool.tryAcquire();
  pool.tryAcquire();
  const refused = [pool.acquire(), pool.reserve()].map((wait) => assert.rejects(wait, { code: "disposed" }));
  limiter[Symbol.dispose]();
  await Promise.all(refused);
});
