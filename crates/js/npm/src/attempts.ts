import { type Clock, timeOf } from "./clock.js";

/**
 * Longest wait before the second attempt where an attempt takes no time; it doubles with every further one.
 * Timers count whole milliseconds, so what is shorter parts nobody. (In Rust, `crates/store/src/random.rs`,
 * it is a fifth of one; the other numbers are the same.)
 */
const FIRST_WAIT_MS_MAX = 2;
/**
 * The same, as so many times what an attempt takes: those who collide are not parted by waits that are
 * shorter than what they are about to do.
 */
const FIRST_WAIT_ATTEMPTS_MAX = 2;
/** Longest wait before any attempt. */
const WAIT_MS_MAX = 200;
/**
 * How long one decision may take, from its beginning, before waits are over. Each call of a store has a bound of
 * its own.
 */
const DECISION_MS_MAX = 2_000;

/** The attempts of one decision, and what time there is for them. */
export class Attempts {
  readonly #clock: Clock;
  readonly #started: number;
  /** When the present one began. */
  #began: number;

  /** The first one begins. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = this.#began = timeOf(clock);
  }

  /** Another one begins. */
  begin(): void {
    this.#began = timeOf(this.#clock);
  }

  /** How long waits may be from now on. */
  get msLeft(): number {
    return Math.max(0, DECISION_MS_MAX - (timeOf(this.#clock) - this.#started));
  }

  /** Waits for a random time after a conflict, longer the more there were. */
  backOff(conflicts: number): Promise<void> {
    const took = timeOf(this.#clock) - this.#began;
    const first = Math.max(FIRST_WAIT_MS_MAX, FIRST_WAIT_ATTEMPTS_MAX * took);
    const most = Math.min(first * 2 ** (conflicts - 1), WAIT_MS_MAX, this.msLeft);
    return new Promise((resolve) => void this.#clock.after(Math.random() * most, resolve));
  }
}
