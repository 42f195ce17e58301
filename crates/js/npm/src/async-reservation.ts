import type { Cost } from "./cost.js";
import type { Allowed, Limits } from "./decision.js";
import { asyncDispose } from "./dispose.js";
import type { Settled } from "./reservation.js";

/** What a reservation asks its limiter to do. */
export interface AsyncHolder<N extends string> {
  settle(cost: Cost<N> | undefined): Promise<Settled<N>>;
  release(): Promise<boolean>;
  renew(ttlMs: number): Promise<boolean>;
}

/**
 * Capacity held in a store until it is settled or released. What is not settled in time is
 * charged in full; so is what is still held when an `await using` block ends.
 */
export class AsyncReservation<N extends string = string> implements Allowed<N> {
  readonly allowed = true;
  readonly delayMs: number;
  readonly limits: Limits<N>;
  readonly #holder: AsyncHolder<N>;
  #isOver = false;

  /** @internal */
  constructor({ delayMs, limits }: Allowed<N>, holder: AsyncHolder<N>) {
    this.delayMs = delayMs;
    this.limits = limits;
    this.#holder = holder;
  }

  /** Ends it and charges the actual cost, less or more than was held; by default what was held. */
  async settle(cost?: Cost<N>): Promise<Settled<N>> {
    const settled = await this.#holder.settle(cost);
    this.#isOver = settled.settled || settled.reason === "gone";
    return settled;
  }

  /** Ends it and charges nothing. False when it was over already. */
  async release(): Promise<boolean> {
    const released = await this.#holder.release();
    this.#isOver = true;
    return released;
  }

  /** Makes it expire this many milliseconds from now. False when it is over. */
  renew(ttlMs: number): Promise<boolean> {
    return this.#holder.renew(ttlMs);
  }

  /** Settles for what is held, unless it has ended already. */
  async [asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.settle();
  }
}
