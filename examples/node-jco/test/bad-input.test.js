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
