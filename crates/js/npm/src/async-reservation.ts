import type { Cost } from "./cost.js";
import type { Allowed, Limits } from "./decision.js";
import type { Settled } from "./reservation.js";

/** What a reservation asks its limiter to do. */
export interface AsyncHolder<N extends string> {
  settle(cost: Cost<N> | undefined): Promise<Settled<N>>;
  release(): Promise<boolean>;
  renew(ttlMs: number): Promise<boolean>;
}

/**
 * Capacity that is held in a store until it is settled or released. What nobody settles in time is
 * charged as it was held; so is what is still held when an `await using` block ends.
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

  /** Ends it and charges what it came to: less than was held, or more; what was held if nothing is said. */
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

  /** Lets it live for so many milliseconds from now on. False when it is over. */
  renew(ttlMs: number): Promise<boolean> {
    return this.#holder.renew(ttlMs);
  }

  /** Settles for what is held, unless that was done. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.settle();
  }
}
