import type { Clock } from "./clock.js";
import { ImpossibleError } from "./errors.js";
import { until } from "./until.js";
import { type WaitOptions, checked } from "./waiting.js";

/** How long to wait at most until a store is asked again: others may have made room meanwhile. */
const PAUSE_MS_MAX = 1_000;

/** It was not let in, as far as waiting is concerned. */
export interface Refused {
  readonly allowed: false;
  readonly reason: "limited" | "impossible";
  readonly retryAfterMs: number | null;
}

/** Who waits for room in a store, in one line per key. Only the first one asks. */
export class Turns {
  readonly #clock: Clock;
  /** When whoever came last is done. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `ask` answers once it is let in. */
  async enter<A extends { readonly allowed: true } | Refused>(
    key: string,
    options: WaitOptions,
    ask: () => Promise<A>,
  ): Promise<Extract<A, { readonly allowed: true }>> {
    const { timeoutMs, signal } = checked(options);
    signal?.throwIfAborted();
    const before = this.#last.get(key);
    const [mine, done] = gate();
    this.#last.set(key, mine);
    const end = timeoutMs === undefined ? Infinity : this.#clock.now() + timeoutMs;
    try {
      if (before !== undefined) await until(this.#clock, before, { end, signal, retryAfterMs: null });
      return await this.#asked(ask, end, signal);
    } finally {
      // Whoever gives up early leaves its place to the next only when those in front are done.
      void (before ?? Promise.resolve()).then(done);
      if (this.#last.get(key) === mine) void mine.then(() => this.#last.get(key) === mine && this.#last.delete(key));
    }
  }

  async #asked<A extends { readonly allowed: true } | Refused>(
    ask: () => Promise<A>,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<Extract<A, { readonly allowed: true }>> {
    for (;;) {
      const answer = await ask();
      if (answer.allowed) return answer as Extract<A, { readonly allowed: true }>;
      if (answer.reason === "impossible") throw new ImpossibleError();
      const wait = Math.min(answer.retryAfterMs ?? PAUSE_MS_MAX, PAUSE_MS_MAX);
      let cancel = () => {};
      const turn = new Promise<void>((resolve) => (cancel = this.#clock.after(wait, resolve)));
      const { retryAfterMs } = answer;
      await until(this.#clock, turn, { end, signal, retryAfterMs }).finally(cancel);
    }
  }
}

/** A promise, and what settles it. */
function gate(): [passed: Promise<void>, open: () => void] {
  let open = () => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return [passed, open];
}
