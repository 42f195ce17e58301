import { key as checkedKey, wholeNumber } from "../check.js";
import { type Clock, clockOf } from "../clock.js";
import { InvalidError, TollgateError } from "../errors.js";
import { type HrTime, hrTimeOfMillis } from "../hr-time.js";
import { type Store, storeOf } from "../store.js";
import type { StoreCall } from "../store-call.js";
import { update } from "../update.js";

/** How long one call of the store may take by default. */
const CALL_MS_DEFAULT = 1_000;

/** Options of a record kept in a store. */
export interface RecordOptions {
  /** The clock to use; by default this machine's. */
  readonly clock?: Clock;
  /** How long one call of the store may take (1,000 ms), at most a minute. */
  readonly callMsMax?: number;
}

/** The names of those options. */
export const RECORD_OPTIONS: readonly (keyof RecordOptions)[] = ["clock", "callMsMax"];

/** One record under one key of a store. */
export class RecordInStore {
  readonly clock: Clock;
  readonly #call: StoreCall;
  readonly #key: string;

  constructor(store: Store, key: string, { clock, callMsMax = CALL_MS_DEFAULT }: RecordOptions = {}) {
    this.clock = clockOf(clock);
    this.#call = { store: storeOf(store), clock: this.clock, callMsMax: wholeNumber("callMsMax", callMsMax, 1, 60_000) };
    this.#key = checkedKey("key", key);
  }

  /** Calls `look` on the record, and writes nothing. */
  look<R>(look: (record: Uint8Array | undefined, now: HrTime) => R): Promise<R> {
    return update(this.#call, this.#key, (record, now) => ({
      answer: read(() => look(record, hrTimeOfMillis(now))),
      ttlMs: null,
    }));
  }

  /** Calls `make` on the record, and writes the record it returns, if any; again after every conflict. */
  act<A extends { readonly record?: Uint8Array }>(make: (record: Uint8Array | undefined, now: HrTime) => A): Promise<A> {
    return update(this.#call, this.#key, (record, now) => {
      const answer = read(() => make(record, hrTimeOfMillis(now)));
      return { answer, record: answer.record, ttlMs: null };
    });
  }
}

/** Bytes that are no record are the store's fault, not the caller's. */
function read<A>(make: () => A): A {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidError) || !error.field.endsWith("record")) throw error;
    throw new TollgateError("corrupt-record", "what is stored under this key is no record of this kind", { cause: error });
  }
}
