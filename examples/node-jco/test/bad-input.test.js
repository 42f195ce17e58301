import assert from "node:assert/strict";
import { test } from "node:test";

import { limiter } from "../limiter.js";

const gcra = { limit: 10n, period: 1_000_000_000n, burst: 10n };
const requests = { name: "requests", algorithm: { tag: "gcra", val: gcra }, shadow: false, overrun: "debt" };
const asked = (costs) => ({ tag: "acquire", val: { costs: BigUint64Array.from(costs), sharePermille: 1_000 } });

/** What jco throws for an error of the interface is that error itself. */
const refused = (expected) => (error) => {
  assert.deepEqual(error, expected);
  return true;
};

test("what the component refuses is thrown, and says why", () => {
  const zero = { ...requests, algorithm: { tag: "gcra", val: { ...gcra, limit: 0n } } };
  assert.throws(() => limiter.openPolicy([requests, zero]), refused({ tag: "limit", val: [1, "limit"] }));
  const policy = limiter.openPolicy([requests]);
  const apply = (record, costs) => () => limiter.apply(policy, record, asked(costs), 5n);
  assert.throws(apply(Uint8Array.of(9), [1n]), refused({ tag: "corrupt", val: { tag: "version", val: 9 } }));
  assert.throws(apply(undefined, [1n, 1n]), refused({ tag: "costs" }));
  assert.equal(apply(undefined, [1n])().verdict, "allowed");
});

test("a record is carried over by policies that are open, and if it is one", () => {
  const twice = { ...requests, algorithm: { tag: "gcra", val: { ...gcra, limit: 20n, burst: 20n } } };
  const [old, policy] = [limiter.openPolicy([requests]), limiter.openPolicy([twice])];
  const closed = limiter.openPolicy([]);
  limiter.closePolicy(closed);
  const change = { old, carry: "in-proportion", at: 5n, revision: 7n };
  const carried = (to, record, more) => () => limiter.carryOver(to, record, { ...change, ...more });
  const { record } = limiter.apply(old, undefined, asked([4n]), 5n);
  assert.throws(carried(closed, record), refused({ tag: "unknown-policy" }));
  assert.throws(carried(policy, record, { old: closed }), refused({ tag: "unknown-policy" }));
  assert.throws(carried(policy, undefined, { old: 2 ** 32 - 1 }), refused({ tag: "unknown-policy" }));
  assert.throws(carried(policy, new Uint8Array()), refused({ tag: "corrupt", val: { tag: "empty" } }));
  assert.throws(carried(policy, Uint8Array.of(9)), refused({ tag: "corrupt", val: { tag: "version", val: 9 } }));
  assert.throws(carried(policy, record, { carry: "doubled" }), TypeError, "no word of the interface");
  const remaining = (bytes) => limiter.apply(policy, bytes, asked([0n]), 5n).limits[0].remaining;
  assert.equal(remaining(carried(policy, record)()), 12n, "four of ten are eight of twenty");
  const last = { at: 2n ** 64n - 1n, revision: 2n ** 64n - 1n };
  assert.equal(remaining(carried(policy, record, last)()), 20n, "at the end of time all has come back");
  assert.equal(remaining(carried(policy, undefined)()), 20n, "a key that was never seen gets a fresh one");
});

test("what is asked of a record under a policy that is closed, or of bytes that are none, is refused", () => {
  const policy = limiter.openPolicy([requests]);
  const corrupt = { tag: "corrupt", val: { tag: "version", val: 9 } };
  assert.throws(() => limiter.forgetAfter(policy + 1, Uint8Array.of(9), 5n), refused({ tag: "unknown-policy" }));
  assert.throws(() => limiter.forgetAfter(policy, Uint8Array.of(9), 5n), refused(corrupt));
  assert.throws(() => limiter.capacityOf(policy + 1, undefined, 0, 5n), refused({ tag: "unknown-policy" }));
  assert.throws(() => limiter.capacityOf(policy, Uint8Array.of(9), 0, 5n), refused(corrupt));
  assert.deepEqual([0, 1, 2 ** 32 - 1].map((limit) => limiter.capacityOf(policy, undefined, limit, 5n)), [undefined, undefined, undefined]);
});
