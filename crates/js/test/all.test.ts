import assert from "node:assert/strict";
import { test } from "node:test";

import { Limiter, ManualClock, MemoryStore, StoreLimiter } from "tollgate";

const START_MS = 1_800_000_000_000;

test("several keys are charged together or not at all", () => {
  const clock = new ManualClock(START_MS);
  const users = new Limiter<"requests">("2/s", { clock });
  const teams = new Limiter({ tokens: "100/minute" }, { clock });
  const ask = (tokens: number) =>
    Limiter.tryAcquireAll([
      { limiter: users, key: "alice" },
      { limiter: teams, key: "acme", cost: { tokens } },
    ]);
  assert.equal(ask(90).allowed, true);
  const denied = ask(90);
  assert.ok(!denied.allowed);
  assert.deepEqual([denied.reason, denied.deniedBy, denied.retryAfterMs], ["limited", [1], 48_000]);
  assert.deepEqual([users.peek("alice").requests.remaining, teams.peek("acme").tokens.remaining], [1, 10]);
  const both = [ask(10), ask(10)].map((it) => !it.allowed && [it.deniedBy, it.retryAfterMs]);
  assert.deepEqual(both, [false, [[0, 1], 6_000]], "the longest wait counts");
  const never = ask(101);
  assert.deepEqual([never.allowed, !never.allowed && never.reason, !never.allowed && never.retryAfterMs], [false, "impossible", null]);
});

test("two keys of one limiter have nothing to do with each other", () => {
  const limiter = new Limiter<"requests">("1/hour", { clock: new ManualClock(START_MS) });
  limiter.tryAcquire("bob");
  const keys = (...names: string[]) => Limiter.tryAcquireAll(names.map((key) => ({ limiter, key })));
  assert.equal(keys("alice", "bob").allowed, false);
  assert.equal(keys("alice", "carol").allowed, true);
  assert.equal(limiter.peek("alice").requests.remaining, 0);
});

test("a limiter without room for all of them refuses them all, and charges none", () => {
  const clock = new ManualClock(START_MS);
  const keys = (limiter: Limiter, ...names: string[]) => Limiter.tryAcquireAll(names.map((key) => ({ limiter, key })));
  const small = new Limiter<"requests">("5/hour", { clock, maxKeys: 1 });
  assert.throws(() => keys(small, "alice", "bob"), { code: "too-many-keys" });
  assert.deepEqual([small.peek("alice").requests.remaining, small.peek("bob").requests.remaining], [5, 5]);
  const enough = new Limiter<"requests">("5/hour", { clock, maxKeys: 2 });
  assert.equal(keys(enough, "alice", "bob").allowed, true);
  assert.deepEqual([enough.peek("alice").requests.remaining, enough.peek("bob").requests.remaining], [4, 4]);
});

test("several keys that can't be asked together are refused by name, and charge nothing", () => {
  const limiter = new Limiter<"requests">("10/hour", { clock: new ManualClock(START_MS) });
  const leg = { limiter, key: "alice" };
  const bad: [unknown, string][] = [
    [[], "legs"],
    [undefined, "legs"],
    [[undefined], "legs[0].limiter"],
    [[leg, leg], "legs[1]"],
    [[leg, { limiter, key: "" }], "legs[1].key"],
    [[leg, { limiter, key: "bob", cost: NaN }], "legs[1].cost"],
    [[leg, { limiter, key: "bob", cost: { requests: "1" } }], "legs[1].cost.requests"],
    [[leg, { limiter, key: "bob", costs: 1 }], "legs[1].costs"],
    [Array.from({ length: 9 }, (_, index) => ({ limiter, key: `${index}` })), "legs"],
  ];
  for (const [legs, field] of bad) {
    assert.throws(() => Limiter.tryAcquireAll(legs as []), { code: "invalid", field }, field);
  }
  assert.throws(() => Limiter.tryAcquireAll([]), /with something in it, not an empty list$/);
  assert.equal(limiter.peek("alice").requests.remaining, 10);
});

test("the same key in two stores is two keys, and in one store it is refused", async () => {
  const [one, other] = [new MemoryStore(), new MemoryStore()];
  const [a, b] = [new StoreLimiter("2/hour", one), new StoreLimiter("1/hour", other)];
  const ask = () => StoreLimiter.tryAcquireAll([{ limiter: a, key: "acme" }, { limiter: b, key: "acme" }]);
  assert.deepEqual([(await ask()).allowed, (await ask()).allowed], [true, false]);
  assert.deepEqual([(await a.peek("acme")).requests.remaining, (await b.peek("acme")).requests.remaining], [1, 0]);
  const again = StoreLimiter.tryAcquireAll([{ limiter: a, key: "acme" }, { limiter: b, key: "acme" }, { limiter: b, key: "acme" }]);
  await assert.rejects(again, { code: "invalid", field: "legs[2]", problem: "is legs[1] again" });
});
