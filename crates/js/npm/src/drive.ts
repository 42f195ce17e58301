import { timeOf } from "./clock.js";
import { notCorrupt } from "./named.js";
import { type StoreCall, backOff, load, swap } from "./store-call.js";
import type { Machine } from "./wasm/stores.js";

/** The steps of a machine (`crates/js/stores/src/machine.rs`). */
const LOAD = 0;
const SWAP = 1;
const WAIT = 2;

/** A key of a machine: where its record is, and how long one matters. */
export interface Leg extends StoreCall {
  readonly key: string;
  ttlMs(record: Uint8Array, now: number): number | null;
}

/** Takes a machine through its steps. Answers why a store failed, if one did last. */
export async function drive(machine: Machine, legs: readonly Leg[]): Promise<unknown> {
  const { clock } = legs[0]!;
  const tokens: unknown[] = [];
  let failure: unknown;
  for (;;) {
    const step = notCorrupt(() => machine.next(timeOf(clock)));
    const number = machine.number();
    if (step === LOAD) {
      const leg = legs[number]!;
      try {
        const { record, token } = await load(leg, leg.key);
        tokens[number] = token;
        machine.loaded(number, record);
      } catch (error) {
        failure = error;
        machine.failed();
      }
    } else if (step === SWAP) {
      const [leg, record] = [legs[number]!, machine.record()!];
      try {
        machine.swapped(await swap(leg, leg.key, tokens[number], record, leg.ttlMs(record, timeOf(clock))));
        failure = undefined;
      } catch (error) {
        failure = error;
        machine.swapped(undefined);
      }
    } else if (step === WAIT) {
      await backOff(clock, number);
    } else {
      return failure;
    }
  }
}
