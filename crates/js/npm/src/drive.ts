import { type Clock, timeOf } from "./clock.js";
import { TollgateError } from "./errors.js";
import { named } from "./policy.js";
import type { Store } from "./store.js";
import type { Machine } from "./wasm/tollgate.js";

/** The steps of a machine (`crates/js/src/machine.rs`). */
const LOAD = 0;
const SWAP = 1;
const WAIT = 2;

/** The longest wait after a conflict, in milliseconds: others are done by then. */
const BACKOFF_MS_MAX = 64;

/** A store, and how long it may take. */
export interface Driver {
  readonly store: Store;
  readonly clock: Clock;
  /** How long one call of the store may take. */
  readonly callMsMax: number;
  /** How long the record of a key matters. */
  ttlMs(leg: number, record: Uint8Array, now: number): number | null;
}

/** Takes a machine through its steps. Answers why the store failed, if it did last. */
export async function drive(driver: Driver, machine: Machine, keys: readonly string[]): Promise<unknown> {
  const tokens: unknown[] = [];
  let failure: unknown;
  for (;;) {
    const step = corrupt(() => machine.next(timeOf(driver.clock)));
    const number = machine.number();
    if (step === LOAD) {
      try {
        const { record, token } = loaded(await inTime(driver, driver.store.load(keys[number]!)));
        tokens[number] = token;
        machine.loaded(number, record);
      } catch (error) {
        failure = error;
        machine.failed();
      }
    } else if (step === SWAP) {
      try {
        machine.swapped(await swap(driver, number, keys[number]!, tokens[number], machine.record()!));
        failure = undefined;
      } catch (error) {
        failure = error;
        machine.swapped(undefined);
      }
    } else if (step === WAIT) {
      await pause(driver.clock, Math.random() * Math.min(2 ** number, BACKOFF_MS_MAX));
    } else {
      return failure;
    }
  }
}

async function swap(driver: Driver, leg: number, key: string, token: unknown, record: Uint8Array): Promise<boolean> {
  const ttlMs = driver.ttlMs(leg, record, timeOf(driver.clock));
  const swapped: unknown = await inTime(driver, driver.store.swap(key, token, record, ttlMs));
  if (typeof swapped !== "boolean") throw new TypeError("the store's swap answers neither true nor false");
  return swapped;
}

/** What a store loaded, if it is what it should be. */
function loaded(value: unknown): { record: Uint8Array | undefined; token: unknown } {
  const { record, token } = (value ?? {}) as { record?: unknown; token?: unknown };
  if (typeof value !== "object" || value === null || !(record === undefined || record instanceof Uint8Array)) {
    throw new TypeError("the store's load answers no { record, token }");
  }
  return { record, token };
}

/** A store that hangs fails. What it comes to later, nobody waits for. */
function inTime<R>({ clock, callMsMax }: Driver, call: Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(callMsMax, () => reject(new Error(`the store took longer than ${callMsMax} ms`)));
    Promise.resolve(call).then(resolve, reject).finally(cancel);
  });
}

/** Waits for so many milliseconds. */
export function pause(clock: Clock, millis: number): Promise<void> {
  return new Promise((resolve) => void clock.after(millis, resolve));
}

function corrupt<R>(ask: () => R): R {
  try {
    return named("store", ask);
  } catch (error) {
    throw new TollgateError("corrupt-record", "what is stored under this key is no record", { cause: error });
  }
}
