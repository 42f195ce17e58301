import { type Effect, type Shape, decisionOf, effectOf, millisOf, shapeOf } from "./answer.js";
import { type Capacity, capacityOf } from "./capacity.js";
import { key as checkedKey } from "./check.js";
import type { Decision } from "./decision.js";
import type { Leg } from "./drive.js";
import { notCorrupt } from "./named.js";
import { nanos } from "./options.js";
import type { Policy } from "./policy.js";
import type { StoreCall } from "./store-call.js";
import { update } from "./update.js";
import type { Machine } from "./wasm/stores.js";
import type { Decided, Operation } from "./wasm/tollgate.js";

/** What was done to a key, and where it stands. */
export interface Done<N extends string> {
  readonly effect: Effect;
  readonly decision: Decision<N>;
}

/** The records of one policy in a store. */
export class StoreRecords<N extends string> {
  readonly policy: Policy<N>;
  readonly #call: StoreCall;
  readonly #prefix: string;
  readonly #shape: Shape<N>;

  constructor(policy: Policy<N>, call: StoreCall, prefix: string) {
    this.policy = policy;
    this.#call = call;
    this.#prefix = prefix;
    this.#shape = shapeOf(policy.limits);
  }

  /** A key of a machine. */
  leg(key: string): Leg {
    return { ...this.#call, key: this.#name(key), ttlMs: (record, now) => this.#ttlMs(record, now) };
  }

  /** What a machine that is over says of its key at this position; nothing if it never decided on it. */
  done(machine: Machine, position: number): Done<N> | undefined {
    const [code, numbers] = [machine.code(position), machine.numbers(position)];
    return code === undefined || numbers === undefined ? undefined : this.#done(code, numbers);
  }

  /** Does an operation to one key. `make` is asked again after every conflict. */
  apply(key: string, make: () => Operation): Promise<Done<N>> {
    return this.#update(key, make, (decided) => this.#done(decided.code(), decided.numbers()));
  }

  /** What is in force for the limit at this position; nothing for one that is not adaptive. */
  capacity(key: string, position: number, peek: () => Operation): Promise<Capacity | undefined> {
    return this.#update(key, peek, (decided) => capacityOf(decided, position));
  }

  #update<R>(key: string, make: () => Operation, read: (decided: Decided) => R): Promise<R> {
    return update(this.#call, this.#name(key), (before, now) => {
      const decided = notCorrupt(() => this.policy.core.apply(before, make(), nanos(Math.floor(now))));
      try {
        const record = decided.record();
        return { answer: read(decided), record, ttlMs: record === undefined ? null : this.#ttlMs(record, now) };
      } finally {
        decided.free();
      }
    });
  }

  #done(code: number, numbers: BigUint64Array): Done<N> {
    return { effect: effectOf(code), decision: decisionOf(this.#shape, code, millisOf(numbers), 0) };
  }

  #name(key: string): string {
    return this.#prefix + checkedKey("key", key);
  }

  #ttlMs(record: Uint8Array, now: number): number | null {
    const wait = this.policy.core.forget_after(record, nanos(Math.floor(now)));
    return wait > nanos(Number.MAX_SAFE_INTEGER) ? null : Math.ceil(Number(wait) / 1e6) + 1;
  }
}
