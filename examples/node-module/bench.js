/** What a call into the module costs: CPU time of `tollgate_acquire`, the record in the exchange, and in slots. */

import { readFileSync } from "node:fs";

import { DECISION, LIMIT, OPERATION } from "./layout.js";
import { modulePath } from "./module-path.js";

const CALLS = 1_000_000;
const ROUNDS = 5;
const BATCH = 1_024;

const module = new WebAssembly.Module(readFileSync(modulePath()));
const wasm = new WebAssembly.Instance(module).exports;
const view = new DataView(wasm.memory.buffer, wasm.tollgate_exchange());

/** A token bucket of 1,000 a second. */
function open() {
  view.setUint8(0, 1);
  view.setUint8(3, 1);
  [1_000n, 1_000n, 1_000_000_000n, 1_000n].forEach((it, at) => view.setBigUint64(LIMIT.numbers + at * 8, it, true));
  view.setUint8(LIMIT.name, "r".charCodeAt(0));
  view.setBigUint64(OPERATION.at + OPERATION.costs, 1n, true);
  return wasm.tollgate_policy_open(1);
}

function measured(calls, run) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / calls;
  });
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1].toFixed(0);
}

const policy = open();
let now = 1_800_000_000_000_000_000n;
wasm.tollgate_acquire(policy, 0, now);
// The first call made the memory grow, which ended the view.
const bytes = new DataView(wasm.memory.buffer, wasm.tollgate_exchange()).getUint32(DECISION.at, true);
const alone = measured(CALLS, () => {
  for (let call = 0; call < CALLS; call += 1) {
    now += 1_000_000n;
    wasm.tollgate_acquire(policy, bytes, now);
  }
});
const empty = measured(CALLS, () => {
  for (let call = 0; call < CALLS; call += 1) wasm.tollgate_abi_version();
});
wasm.tollgate_slots_add(policy, BATCH);
const slots = new Uint32Array(wasm.memory.buffer, wasm.tollgate_exchange() + 3_624, BATCH);
slots.forEach((_, index) => (slots[index] = index));
const batched = measured(CALLS, () => {
  for (let call = 0; call < CALLS; call += BATCH) {
    now += 1_000_000n;
    wasm.tollgate_slots_acquire(policy, BATCH, now);
  }
});
console.log(`| plain module in Node | ns |\n|---|--:|\n| a call that does nothing | ${empty} |`);
console.log(`| \`tollgate_acquire\` on a record of 23 bytes | ${alone} |\n| a decision of \`tollgate_slots_acquire\` on 1,024 keys | ${batched} |`);
