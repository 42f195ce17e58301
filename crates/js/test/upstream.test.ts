import assert from "node:assert/strict";
import { test } from "node:test";

import { Barrier, Cooldowns, ManualClock, MemoryStore, type Store, barrierRecord, cooldownRecord, feedbackOf } from "tollgate/upstream";

import { goOn } from "./go-on.js";

const START_MS = 1_800_000_000_000;

test("what one caller reports, all who share the store know, for four fifths of the time", async () => {
  const [store, clock] = [new MemoryStore(), new ManualClock(START_MS)];
  const [one, other] = [new Cooldowns(store, "chat", { clock }), new Cooldowns(store, "chat", { clock })];
  assert.equal(await other.limitedBy({ label: "large" }), undefined);
  assert.equal(await one.report({ code: "429", label: "large", for: "5m" }), "added");
  const found = await other.limitedBy({ label: "large" });
  assert.deepEqual([found?.code, found?.label, found?.retryAfterMs], ["429", "large", 240_000]);
  assert.equal(await other.limitedBy({ label: "small" }), undefined);
  clock.advance(240_000);
  assert.equal(await other.limitedBy({ label: "large" }), undefined);
  assert.equal(await one.cleanUp(), 1);
});

test("an event that is reported again under its id counts once", async () => {
  const cooldowns = new Cooldowns(new MemoryStore(), "chat", { clock: new ManualClock(START_MS) });
  const event = { id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427", code: "429", for: "1m" };
  assert.deepEqual([await cooldowns.report(event), await cooldowns.report(event)], ["added", "known"]);
  const active = await cooldowns.active();
  assert.deepEqual(active.map((it) => it.id), ["1b4e28ba2fa111d2883f0016d3cca427"]);
});

test("more events than a record holds are refused, and those that are there stay", async () => {
  const cooldowns = new Cooldowns(new MemoryStore(), "chat", { clock: new ManualClock(START_MS) });
  for (let code = 0; code < 128; code += 1) await cooldowns.report({ code: String(code), for: "1m" });
  await assert.rejects(cooldowns.report({ code: "one more", for: "1m" }), { code: "too-many-events" });
  assert.equal((await cooldowns.active()).length, 128);
});

test("events that are none are refused by the field that is wrong", async () => {
  const cooldowns = new Cooldowns(new MemoryStore(), "chat");
  const good = { code: "429", for: "1m" };
  const bad: [object, string][] = [
    [{ ...good, code: "" }, "event.code"],
    [{ ...good, code: 429 }, "event.code"],
    [{ ...good, code: "\ud800" }, "event.code"],
    [{ ...good, label: "x".repeat(65) }, "event.label"],
    [{ ...good, for: 0 }, "event.duration"],
    [{ ...good, for: -0 }, "event.for"],
    [{ ...good, for: "367d" }, "event.duration"],
    [{ ...good, id: "7" }, "event.id"],
    [{ ...good, source: 7 }, "event.source"],
    [{ ...good, safetyPermille: 0 }, "event.safetyPermille"],
    [{ ...good, secret: 1 }, "event.secret"],
  ];
  for (const [event, field] of bad) {
    await assert.rejects(cooldowns.report(event as typeof good), { code: "invalid", field }, JSON.stringify(event));
  }
  await assert.rejects(cooldowns.limitedBy({ code: "" }), { field: "filter.code" });
});

test("bytes that are no record, and stores that fail, are told by a code", async () => {
  const store = (record: Uint8Array): Store => ({ load: async () => ({ record, token: 1 }), swap: async () => true });
  const corrupt = store(new Uint8Array([7, 7]));
  await assert.rejects(new Cooldowns(corrupt, "chat").report({ code: "429", for: "1m" }), { code: "corrupt-record" });
  await assert.rejects(new Barrier(corrupt, "start", 2).wait(), { code: "corrupt-record" });
  const down: Store = { load: async () => Promise.reject(new Error("down")), swap: async () => true };
  await assert.rejects(new Cooldowns(down, "chat").limitedBy(), { code: "store" });
  await assert.rejects(new Barrier(down, "start", 2).wait(), { code: "store" });
});

test("parties wait for each other, go on together, and may do so again", async () => {
  const [store, clock] = [new MemoryStore(), new ManualClock(START_MS)];
  const barrier = () => new Barrier(store, "start", 3, { clock });
  for (const generation of ["1", "2"]) {
    const passed: string[] = [];
    const waits = [1, 2, 3].map((party) => async () => {
      const { generation, isLast } = await barrier().wait();
      passed.push(`${generation} ${isLast}`);
      return party;
    });
    const first = [waits[0]!(), waits[1]!()];
    await goOn(clock, 1_000);
    assert.deepEqual(passed, [], "one is missing");
    const all = Promise.all([...first, waits[2]!()]);
    await goOn(clock, 1_000);
    await all;
    assert.deepEqual(passed.sort(), [`${generation} false`, `${generation} false`, `${generation} true`]);
  }
  assert.equal((await barrier().query())?.present, 0);
});

test("a party that gives up has not arrived, and the others wait for another one", async () => {
  const [store, clock] = [new MemoryStore(), new ManualClock(START_MS)];
  const barrier = new Barrier(store, "start", 2, { clock });
  const impatient = barrier.wait({ timeoutMs: 250 });
  const refused = assert.rejects(impatient, { code: "timeout" });
  await goOn(clock, 250);
  await refused;
  assert.equal((await barrier.query())?.arrived, 0);
  const controller = new AbortController();
  const aborted = assert.rejects(barrier.wait({ signal: controller.signal }), { message: "enough" });
  await goOn(clock, 0);
  controller.abort(new Error("enough"));
  await aborted;
  assert.equal((await barrier.query())?.arrived, 0);
});

test("a party whose arrival the store did, but did not tell, leaves", async () => {
  const store = new MemoryStore();
  let isLost = true;
  const losesOne = {
    load: (key: string) => store.load(key),
    swap: async (...swap: Parameters<MemoryStore["swap"]>) => {
      const done = await store.swap(...swap);
      if (!isLost) return done;
      isLost = false;
      throw new Error("the answer is lost");
    },
  };
  const barrier = new Barrier(losesOne, "start", 2);
  await assert.rejects(barrier.wait(), { code: "store" });
  assert.equal((await barrier.query())?.arrived, 0);
});

test("a generation that expired is given up, and whoever still waits is of the next one", async () => {
  const [store, clock] = [new MemoryStore(), new ManualClock(START_MS)];
  const barrier = new Barrier(store, "start", 2, { clock, ttl: "1s" });
  const early = barrier.wait();
  await goOn(clock, 1_500);
  assert.deepEqual([(await barrier.query())?.generation, (await barrier.query())?.arrived], ["2", 1]);
  const late = barrier.wait();
  await goOn(clock, 200);
  assert.deepEqual([(await early).generation, (await late).isLast], ["2", true]);
});

test("a barrier that can't be is refused by name", () => {
  const store = new MemoryStore();
  const bad: [() => Barrier, string][] = [
    [() => new Barrier(store, "start", 0), "parties"],
    [() => new Barrier(store, "start", 4_001), "parties"],
    [() => new Barrier(store, "", 2), "key"],
    [() => new Barrier(undefined as never, "start", 2), "store"],
    [() => new Barrier(store, "start", 2, { ttl: 0 }), "barrier.ttl"],
    [() => new Barrier(store, "start", 2, { lookMs: NaN }), "lookMs"],
  ];
  for (const [make, field] of bad) assert.throws(make, { code: "invalid", field }, field);
});

test("what a response says is read from any kind of headers", () => {
  const said = { "retry-after": "20", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6m0s" };
  const levels = [{ dimension: "tokens", remaining: 0, resetAfterMs: 360_000 }];
  for (const headers of [said, new Headers(said), Object.entries(said), new Map(Object.entries(said))]) {
    assert.deepEqual(feedbackOf({ status: 429, headers }, START_MS), { cooldownMs: 20_000, waitMs: 20_000, levels });
  }
  const node = { "retry-after": ["5", "7"], "set-cookie": undefined };
  assert.equal(feedbackOf(new Response(null, { status: 503, headers: { "retry-after": "3" } })).cooldownMs, 3_000);
  assert.equal(feedbackOf({ status: 429, headers: node }, START_MS).cooldownMs, 7_000);
  assert.deepEqual(feedbackOf({ status: 200, headers: {} }), { levels: [] });
});

test("what is no response is refused by name", () => {
  const bad: [unknown, unknown, string][] = [
    [NaN, {}, "status"],
    [42, {}, "status"],
    [429, null, "headers"],
    [429, { "retry-after": 5 }, "headers"],
    [429, [5], "headers"],
    [429, ["retry-after", "20"], "headers"],
  ];
  for (const [status, headers, field] of bad) {
    assert.throws(() => feedbackOf({ status, headers } as never), { code: "invalid", field }, field);
  }
  assert.throws(() => feedbackOf(null as never), { code: "invalid", field: "response" });
  assert.throws(() => feedbackOf({ status: 429, headers: {} }, -0), { field: "nowMs" });
});

test("what is no record, no party and no filter is refused by name", () => {
  const now = [1_800_000_000, 0] as const;
  const party = { id: "00000000000000000000000000000001", generation: "1" };
  for (const record of [null, "abc", 5, {}, [1], { length: 1e10 }]) {
    const bytes = record as never;
    const asked: (() => unknown)[] = [
      () => cooldownRecord.report(bytes, { code: "429", for: "1m" }, now),
      () => cooldownRecord.limitedBy(bytes, {}, now),
      () => cooldownRecord.active(bytes, {}, now),
      () => cooldownRecord.cleanUp(bytes, now),
      () => barrierRecord.create(bytes, 2, "1m", now),
      () => barrierRecord.arrive(bytes, party, now),
      () => barrierRecord.leave(bytes, party, now),
      () => barrierRecord.query(bytes, now),
    ];
    for (const ask of asked) assert.throws(ask, { code: "invalid", field: "record" }, `${String(ask)} of ${String(record)}`);
  }
  for (const none of [undefined, null, 5, new Map()]) {
    assert.throws(() => barrierRecord.arrive(undefined, none as never, now), { code: "invalid", field: "party" });
    assert.throws(() => barrierRecord.leave(undefined, none as never, now), { code: "invalid", field: "party" });
    assert.throws(() => cooldownRecord.limitedBy(undefined, none as never, now), { code: "invalid", field: "filter" });
  }
});
