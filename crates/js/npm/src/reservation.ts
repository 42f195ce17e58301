import type { Cost } from "./cost.js";
import type { Allowed, Limits } from "./decision.js";
import { asyncDispose, dispose } from "./dispose.js";
import { DisposedError } from "./errors.js";

/** The result of settling. */
export type Settled<N extends string = string> =
  | { readonly settled: true; readonly limits: Limits<N> }
  /** It was settled or released before, or expired and was charged. */
  | { readonly settled: false; readonly reason: "gone" }
  /** More was used than was held, there is no room for it, and its limit refuses debt. The hold stays. */
  | { readonly settled: false; readonly reason: "limited" | "impossible"; readonly limits: Limits<N> };

/** What a reservation asks its limiter to do. */
export interface Holder<N extends string> {
  settle(cost: Cost<N> | undefined): Settled<N>;
  release(): boolean;
  renew(ttlMs: number): boolean;
}

/**
 * Capacity held until it is settled or released. What is not settled in time is charged in
 * full; so is what is still held when a `using` block ends.
 */
export class Reservation<N extends string = string> implements Allowed<N> {
  readonly allowed = true;
  readonly delayMs: number;
  readonly limits: Limits<N>;
  readonly #holder: Holder<N>;

  /** @internal */
  constructor({ delayMs, limits }: Allowed<N>, holder: Holder<N>) {
    this.delayMs = delayMs;
    this.limits = limits;
    this.#holder = holder;
  }

  /** Ends it and charges the actual cost, less or more than was held; by default what was held. */
  settle(cost?: Cost<N>): Settled<N> {
    return this.#holder.settle(cost);
  }

  /** Ends it and charges nothing. False when it was over already. */
  release(): boolean {
    return this.#holder.release();
  }

  /** Makes it expire this many milliseconds from now. False when it is over. */
  renew(ttlMs: number): boolean {
    return this.#holder.renew(ttlMs);
  }

  /** Settles for what is held, unless it has ended already. */
  [dispose](): void {
    try {
      this.#holder.settle(undefined);
    } catch (error) {
      // With its limiter all that was held is gone, and the end of a block is no place to complain.
      if (!(error instanceof DisposedError)) throw error;
    }
  }

  /** The same. */
  async [asyncDispose](): Promise<void> {
    this[dispose]();
  }
}
