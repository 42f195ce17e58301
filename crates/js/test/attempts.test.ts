/** What is done about conflicts: waits that follow what an attempt takes, and an end to all of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Clock, ManualClock, MemoryStore, type Store, StoreLimiter, TollgateError } from "tollgate";

const START_MS = 1_800_000_000_000;
const DECISION_MS_MAX = 2_000;
const CALL_MS = 10_000;

/** A clock that is set on by whoever waits, and what they waited for after conflicts. */
function hurried(): { readonly clock: Clock & { advance(millis: number): void }; readonly waits: number[] } {
  const [manual, waits] = [new ManualClock(START_MS), [] as number[]];
  const now = () => manual.now();
  let rest = 0;
  const advance = (millis: number) => {
    rest += millis;
    manual.advance(Math.floor(rest));
    rest %= 1;
  };
  const after = (millis: number, wake: () => void) => {
    const cancel = manual.after(millis, wake);
    // Calls of the store have a timer as well, which is taken back.
    if (millis === CALL_MS) return cancel;
    waits.push(millis);
    queueMicrotask(() => advance(Math.ceil(millis)));
    return cancel;
  };
  return { clock: { now, after, advance }, waits };
}

/** A store whose calls take so long, and in which somebody else is always faster. */
function contended(clock: { advance(millis: number): void }, callMs: number): Store & { loads: number } {
  const store = {
    loads: 0,
    load: async () => {
      store.loads += 1;
      clock.advance(callMs);
      return { token: 1 };
    },
    swap: async () => {
      clock.advance(callMs);
      return false;
    },
  };
  return store;
}

const ASKED: readonly (readonly [name: string, ask: (limiter: StoreLimiter) => Promise<unknown>])[] = [
  ["a request", (limiter) => limiter.tryAcquire("alice")],
  ["an operator's change", (limiter) => limiter.control("alice", { block: { for: "1s" } })],
];

for (const [name, ask] of ASKED) {
  test(`${name}: waits after a conflict follow twice what an attempt takes, double, and end at 200 ms`, async () => {
    const longest = Array.from({ length: 9 }, () => 0);
    for (let round = 0; round < 200; round += 1) {
      const { clock, waits } = hurried();
      const limiter = new StoreLimiter<"requests">("10/hour", contended(clock, 5), { clock, callMsMax: CALL_MS });
      await assert.rejects(ask(limiter), { code: "busy" });
      assert.equal(waits.length, 9);
      for (const [attempt, millis] of waits.entries()) longest[attempt] = Math.max(longest[attempt]!, millis);
    }
    for (const [attempt, most] of [20, 40, 80, 160, 200, 200].entries()) {
      assert.ok(longest[attempt]! <= most && longest[attempt]! > most / 2, `${attempt}: ${longest[attempt]} of ${most} ms`);
    }
  });

  test(`${name}: where an attempt takes no time, waits are at most 2 ms at first`, async () => {
    const { clock, waits } = hurried();
    const limiter = new StoreLimiter<"requests">("10/hour", contended(clock, 0), { clock, callMsMax: CALL_MS });
    await assert.rejects(ask(limiter), { code: "busy" });
    assert.ok(waits[0]! <= 2 && waits[1]! <= 4 && waits[8]! <= 200, String(waits));
  });

  test(`${name}: after two seconds nobody waits any more`, async () => {
    const { clock, waits } = hurried();
    const limiter = new StoreLimiter<"requests">("10/hour", contended(clock, 350), { clock, callMsMax: CALL_MS });
    await assert.rejects(ask(limiter), TollgateError);
    // Two attempts and the wait between them are over before that, and the third is not.
    assert.deepEqual([waits.slice(0, 2).every((millis) => millis > 0), waits.slice(2).every((millis) => millis === 0)], [true, true]);
  });
}

test("an operator's change is tried no further after two seconds, and a request ten times", async () => {
  for (const [code, ask, loads] of [["store", ASKED[1]![1], 3], ["busy", ASKED[0]![1], 10]] as const) {
    const { clock } = hurried();
    const store = contended(clock, 350);
    const limiter = new StoreLimiter<"requests">("10/hour", store, { clock, callMsMax: CALL_MS });
    await assert.rejects(ask(limiter), { code });
    assert.equal(store.loads, loads);
  }
});

test("a hold that can't be ended is tried again without waits when two seconds are over", async () => {
  const { clock, waits } = hurried();
  const store = new MemoryStore();
  const held = await new StoreLimiter<"requests">("10/hour", store, { clock, callMsMax: CALL_MS }).reserve("alice", { requestId: "0".repeat(32) });
  assert.ok(held.allowed);
  const others = contended(clock, 10);
  let swaps: Pick<Store, "swap"> = store;
  const busy: Store = { load: (key) => store.load(key), swap: (...args) => swaps.swap(...args) };
  const same = await new StoreLimiter<"requests">("10/hour", busy, { clock, callMsMax: CALL_MS }).reserve("alice", { requestId: "0".repeat(32) });
  swaps = others;
  waits.length = 0;
  await assert.rejects(same.release(), { code: "busy" });
  const total = waits.reduce((sum, millis) => sum + millis, 0);
  assert.ok(waits.length === 31 && total <= DECISION_MS_MAX, `${waits.length} waits of ${total} ms`);
  assert.equal(waits.at(-1), 0);
});

test("several keys are loaded at once, and each of them once where nobody else comes", async () => {
  const inner = new MemoryStore();
  let [underWay, most, loads] = [0, 0, 0];
  const store: Store<Uint8Array | undefined> = {
    load: async (key) => {
      [underWay, loads] = [underWay + 1, loads + 1];
      most = Math.max(most, underWay);
      const loaded = await inner.load(key);
      underWay -= 1;
      return loaded;
    },
    swap: (key, token, record) => inner.swap(key, token, record),
  };
  const limiter = new StoreLimiter<"requests">("10/hour", store as Store, { clock: new ManualClock(START_MS) });
  const { allowed } = await StoreLimiter.tryAcquireAll(["alice", "bob", "carol"].map((key) => ({ limiter, key })));
  assert.deepEqual([allowed, most], [true, 3]);
  // Those in front are loaded once more, to settle what was held there.
  assert.equal(loads, 5);
});

test("a clock that shows no time is the clock's fault, and not the record's", async () => {
  const clock = { now: () => NaN, after: () => () => {} };
  const limiter = new StoreLimiter<"requests">("10/hour", new MemoryStore(), { clock });
  await assert.rejects(limiter.tryAcquire("alice"), { code: "invalid", field: "clock" });
  await assert.rejects(limiter.reset("alice"), { code: "invalid", field: "clock" });
  await assert.rejects(limiter.acquire("alice", { timeoutMs: 5 }), { code: "invalid", field: "clock" });
});
