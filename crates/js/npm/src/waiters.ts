import { wholeNumber } from "./check.js";
import { FullError } from "./errors.js";

/** The default and the largest `maxWaiting`. */
const WAITING_DEFAULT = 10_000;
const WAITING_MAX = 1_000_000;

/** Options of everything that callers wait for. */
export interface WaitersOptions {
  /** Most callers that wait at the same time (10,000), at most 1,000,000. */
  readonly maxWaiting?: number;
}

/** How many callers wait, bounded. */
export class Waiters {
  readonly #max: number;
  #count = 0;

  /** @throws InvalidError when the number of callers is invalid. */
  constructor(max = WAITING_DEFAULT) {
    this.#max = wholeNumber("maxWaiting", max, 0, WAITING_MAX);
  }

  /** One more waits. @throws FullError when as many wait as allowed. */
  join(): void {
    if (this.#count >= this.#max) {
      throw new FullError("too-many-waiting", `${this.#max} callers wait already; raise maxWaiting`);
    }
    this.#count += 1;
  }

  /** One of them waits no longer. */
  leave(): void {
    this.#count -= 1;
  }
}
