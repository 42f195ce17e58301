import { Decider } from "./decider.js";
import { type Leg, drive } from "./drive.js";
import { InvalidError, leaseGone, type TollgateError } from "./errors.js";
import { named } from "./named.js";
import { storeBusy, storeFailed } from "./store-call.js";
import type { Done, StoreRecords } from "./store-records.js";
import { storesStarted } from "./stores-module.js";
import { Legs, type Machine } from "./wasm/stores.js";

/** How a machine ended (`crates/js/stores/src/machine.rs`). */
const [ALLOWED, DENIED, BUSY, LOST] = [0, 1, 2, 4];

/** One key of several, and what is asked of it; without costs, what was held. */
export interface AskedLeg<N extends string> {
  readonly records: StoreRecords<N>;
  readonly key: string;
  readonly costs: Float64Array | undefined;
}

/** The result of a machine for all keys together, and for each. */
export interface Ran<N extends string> {
  readonly isAllowed: boolean;
  readonly legs: readonly (Done<N> | undefined)[];
}

/** Makes a machine for these keys and drives it to its end. @throws TollgateError when there is no decision. */
export async function run<N extends string>(
  asked: readonly AskedLeg<N>[],
  make: (legs: Legs) => Machine,
): Promise<Ran<N>> {
  const legs = asked.map(({ records, key }) => records.leg(key));
  const names = legs.map((_, index) => nameOf(legs, index));
  await storesStarted();
  const machine = named("legs", () => {
    const inMachine = new Legs(new Decider(asked.map(({ records }) => records.policy)));
    for (const [index, { costs }] of asked.entries()) inMachine.add(names[index]!, costs);
    return make(inMachine);
  });
  try {
    const failure = await drive(machine, legs);
    const ending = machine.ending()!;
    if (ending !== ALLOWED && ending !== DENIED) throw failure === undefined ? ended(ending) : storeFailed(failure);
    return { isAllowed: ending === ALLOWED, legs: asked.map(({ records }, index) => records.done(machine, index)) };
  } finally {
    machine.free();
  }
}

/** The name by which a machine knows a key: the key, with something added where another store has the same one. */
function nameOf(legs: readonly Leg[], index: number): string {
  const { key, store } = legs[index]!;
  const before = legs.slice(0, index);
  const first = before.findIndex((leg) => leg.key === key && leg.store === store);
  if (first >= 0) throw new InvalidError(`legs[${index}]`, `is legs[${first}] again`);
  return key + "\0".repeat(before.filter((leg) => leg.key === key).length);
}

/** Why there is no decision. */
function ended(ending: number): TollgateError {
  if (ending === BUSY) return storeBusy();
  if (ending === LOST) return leaseGone();
  return storeFailed(undefined);
}
