import { Attempts } from "./attempts.js";
import { timeOf } from "./clock.js";
import { notCorrupt } from "./named.js";
import type { Loaded } from "./store.js";
import { type StoreCall, load, swap } from "./store-call.js";
import type { Machine } from "./wasm/stores.js";

/** The steps of a machine (`crates/js/stores/src/machine.rs`). */
const [LOAD, SWAP, WAIT] = [0, 1, 2];

/** A key of a machine: where its record is, and how long one matters. */
export interface Leg extends StoreCall {
  readonly key: string;
  ttlMs(record: Uint8Array, now: number): number | null;
}

/** Takes a machine through its steps. Returns why a store failed, if the last one did. */
export async function drive(machine: Machine, legs: readonly Leg[]): Promise<unknown> {
  const { clock } = legs[0]!;
  const driver = new Driver(machine, legs);
  for (;;) {
    const now = timeOf(clock);
    const step = notCorrupt(() => machine.next(now));
    const number = machine.number();
    if (step === LOAD) await driver.load(number);
    else if (step === SWAP) await driver.swap(number, now);
    else if (step === WAIT) await driver.attempts.backOff(number);
    else return driver.failure;
  }
}

/** Does what a machine asks for. */
class Driver {
  readonly attempts: Attempts;
  failure: unknown;
  readonly #machine: Machine;
  readonly #legs: readonly Leg[];
  readonly #tokens: unknown[] = [];
  /** By leg: the first load, until somebody asks for it. */
  readonly #first: (Promise<Loaded<unknown>> | undefined)[];

  /** All keys are loaded at once, before the first step. */
  constructor(machine: Machine, legs: readonly Leg[]) {
    this.attempts = new Attempts(legs[0]!.clock);
    this.#machine = machine;
    this.#legs = legs;
    this.#first = legs.map((leg) => load(leg, leg.key));
    // It may never be awaited: avoid an unhandled rejection.
    for (const loaded of this.#first) loaded?.catch(() => {});
  }

  async load(number: number): Promise<void> {
    try {
      const { record, token } = await this.#loaded(number);
      this.#tokens[number] = token;
      this.#machine.loaded(number, record);
    } catch (error) {
      this.failure = error;
      this.#machine.failed();
    }
  }

  async swap(number: number, now: number): Promise<void> {
    const [leg, record] = [this.#legs[number]!, this.#machine.record()!];
    try {
      this.#machine.swapped(await swap(leg, leg.key, this.#tokens[number], record, leg.ttlMs(record, now)));
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      this.#machine.swapped(undefined);
    }
  }

  #loaded(number: number): Promise<Loaded<unknown>> {
    const [leg, first] = [this.#legs[number]!, this.#first[number]];
    this.#first[number] = undefined;
    if (first !== undefined) return first;
    this.attempts.begin();
    return load(leg, leg.key);
  }
}
