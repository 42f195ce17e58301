import { InvalidError } from "./errors.js";
import { shown, wholeNumber, withMethods } from "./check.js";

/** A limiter's source of time and timers. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions if there are any. */
  now(): number;
  /** Calls `wake` once, after this many milliseconds; the returned function cancels it. */
  after(millis: number, wake: () => void): () => void;
}

/** Timers count to 2^31 - 1 ms; longer waits chain several. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(millis, wake) {
    let timer: ReturnType<typeof setTimeout>;
    const start = (left: number) => {
      const further = left - TIMER_MS_MAX;
      timer = further > 0 ? setTimeout(() => start(further), TIMER_MS_MAX) : setTimeout(wake, left);
    };
    start(millis);
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until advanced: for tests, and for replaying traces. */
export class ManualClock implements Clock {
  #now: number;
  /** The timers, by the time at which they fire. */
  #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  /** It shows this many milliseconds since the epoch. */
  constructor(nowMs = 0) {
    this.#now = wholeNumber("nowMs", nowMs);
  }

  now(): number {
    return this.#now;
  }

  after(millis: number, wake: () => void): () => void {
    const waiting = { at: this.#now + millis, wake };
    this.#waiting.push(waiting);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
    };
  }

  /** Advances by this many milliseconds, and fires the timers due on the way, each at its time. */
  advance(millis: number): void {
    const end = this.#now + wholeNumber("millis", millis);
    for (;;) {
      const due = this.#waiting.filter((it) => it.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#waiting = this.#waiting.filter((it) => it !== due);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
    }
    this.#now = end;
  }
}

/** The clock that was given, if it is one; the clock of this machine when it is left out. */
export function clockOf(clock: Clock | undefined): Clock {
  if (clock === undefined) return systemClock;
  return withMethods("clock", clock, ["now", "after"]);
}

/** The time, if the clock is one. */
export function timeOf(clock: Clock): number {
  const now = clock.now();
  if (typeof now !== "number" || !(now >= 0 && now <= Number.MAX_SAFE_INTEGER)) {
    throw new InvalidError("clock", `must show milliseconds since the epoch, not ${shown(now)}`);
  }
  return now;
}
