import type { Policy } from "./policy.js";
import { type Decided, Operation } from "./wasm/tollgate.js";

type Bytes = Uint8Array | undefined;

/** Decides on keys for a machine, which is in another module than their policies (`crates/js/stores/src/decider.rs`). */
export class Decider {
  readonly #policies: readonly Policy<string>[];

  constructor(policies: readonly Policy<string>[]) {
    this.#policies = policies;
  }

  acquire(leg: number, record: Bytes, now: bigint, costs: Float64Array, sharePermille: number, hold: Bytes, ttl: bigint, once: Bytes): Decided {
    const asked = Operation.acquire(this.#core(leg), costs, sharePermille, hold, ttl, once);
    return this.#core(leg).apply(record, asked, now);
  }

  settle(leg: number, record: Bytes, now: bigint, hold: Uint8Array, costs: Float64Array | undefined): Decided {
    return this.#core(leg).apply(record, Operation.settle(this.#core(leg), hold, costs), now);
  }

  release(leg: number, record: Bytes, now: bigint, hold: Uint8Array): Decided {
    return this.#core(leg).apply(record, Operation.release(hold), now);
  }

  renew(leg: number, record: Bytes, now: bigint, hold: Uint8Array, ttl: bigint): Decided {
    return this.#core(leg).apply(record, Operation.renew(hold, ttl), now);
  }

  #core(leg: number): Policy<string>["core"] {
    return this.#policies[leg]!.core;
  }
}
