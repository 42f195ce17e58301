import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Limiter } from "../limiter.js";
import { modulePath } from "../module-path.js";

const bytes = readFileSync(modulePath());
const requests = { name: "requests", algorithm: "gcra", limit: 10, burst: 10, perNs: 1_000_000_000n };
const one = { kind: "acquire", costs: [1], permille: 1_000 };

test("bytes that are no module, or not tollgate's, are told apart", () => {
  assert.throws(() => new Limiter(Buffer.from("hello")), /no WebAssembly module; `cargo xtask wasm` makes one/);
  assert.throws(() => new Limiter(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), /not tollgate's; version 1 is wanted/);
});

test("a module of another version is refused", () => {
  // (module (func (export "tollgate_abi_version") (result i32) i32.const 2))
  const [type, functions, code] = [[1, 5, 1, 0x60, 0, 1, 0x7f], [3, 2, 1, 0], [10, 6, 1, 4, 0, 0x41, 2, 0x0b]];
  const name = Buffer.from("tollgate_abi_version");
  const exported = [7, name.length + 4, 1, name.length, ...name, 0, 0];
  const module = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...type, ...functions, ...exported, ...code);
  assert.throws(() => new Limiter(module), /speaks version 2; version 1 is wanted/);
});

test("a limit that can't be is named, with what is wrong with it", () => {
  const limiter = new Limiter(bytes);
  const open = (change) => () => limiter.open([requests, { ...requests, name: "second", ...change }]);
  assert.throws(open({ algorithm: "grca" }), /limit "second": algorithm/);
  assert.throws(open({ algorithm: "fixed-window", window: "year" }), /limit "second": windows/);
  assert.throws(open({ name: "" }), /limit "": name/);
  assert.throws(open({ name: "x".repeat(65) }), /name: must be 1 to 64/);
  assert.throws(open({ algorithm: "fixed-window", utcOffsetSecs: 2 ** 32 }), /limit "second": UTC offset/);
  assert.throws(open({ limit: 0 }), /limit "second": limit, capacity or slots/);
  assert.throws(open({ burst: 0 }), /burst/);
  assert.throws(open({ perNs: 0n }), /period/);
  assert.throws(open({ algorithm: "token-bucket", capacity: 5, refill: 1, initial: 6 }), /initial/);
  assert.throws(open({ algorithm: "fixed-window", utcOffsetSecs: 64_801 }), /UTC offset/);
  assert.throws(open({ algorithm: "adaptive", recovery: { factorPermille: 1_000 } }), /recovery/);
  assert.throws(open({ name: "requests" }), /same name/);
  assert.throws(() => limiter.open(Array.from({ length: 17 }, () => requests)), /at most 16 limits/);
});

test("a wrong policy, record or operation is an error, and the module lives on", () => {
  const limiter = new Limiter(bytes);
  const policy = limiter.open([requests]);
  const apply = (change, record, id = policy) => () => limiter.apply(id, record, { ...one, ...change }, 5n);
  assert.throws(apply({}, undefined, policy + 1), /no policy is open/);
  assert.throws(apply({}, Uint8Array.of(9)), /no record/);
  assert.throws(apply({}, new Uint8Array(2 ** 20)), /too long/);
  assert.throws(apply({ kind: "take" }), /no such operation/);
  assert.throws(apply({ costs: [2n ** 53n] }), /costs/);
  assert.throws(apply({ permille: 1_001 }), /share/);
  assert.throws(apply({ hold: new Uint8Array(16) }), /ttl/);
  assert.throws(apply({ kind: "reduce" }), /factor/);
  assert.throws(apply({ kind: "reduce", permille: 1, source: "x".repeat(65) }), /note/);
  assert.throws(apply({ kind: "setCapacity", units: 1, spanNs: 0n }), /capacity/);
  assert.throws(apply({ costs: [1, 1] }), /costs: must be 1, one of each limit/);
  assert.throws(apply({ costs: [] }), /costs: must be 1/);
  assert.throws(apply({ costs: [-1] }), /costs: must be 0 to 2\^64 - 1/);
  assert.throws(apply({ permille: 65_536 + 500 }), /permille: must be 0 to 2\^16 - 1/);
  assert.throws(apply({ kind: "lower", limit: 2 ** 32 }), /limit: must be 0 to 2\^32 - 1/);
  assert.throws(apply({ hold: new Uint8Array(15), spanNs: 1n }), /hold: must be 16 bytes/);
  for (const nowNs of [-1n, 2n ** 64n]) assert.throws(() => limiter.apply(policy, undefined, one, nowNs), /nowNs/);
  assert.equal(apply({})().verdict, "allowed");
  limiter.close(policy);
  assert.throws(() => limiter.close(policy), /no policy is open/);
});

test("so many policies are open at most, and a closed one makes room", () => {
  const limiter = new Limiter(bytes);
  for (let id = 0; id < 1_024; id += 1) assert.equal(limiter.open([requests]), id);
  assert.throws(() => limiter.open([requests]), /1024 policies/);
  limiter.close(7);
  assert.equal(limiter.open([requests]), 7);
});
