import { type Clock, timeOf } from "./clock.js";
import { ImpossibleError } from "./errors.js";
import { timeLeft, until } from "./until.js";
import type { Waiters } from "./waiters.js";
import { type WaitOptions, checked } from "./waiting.js";

/** Longest wait until a store is asked again: others may have made room meanwhile. */
const PAUSE_MS_MAX = 1_000;

/** A denial, as far as waiting is concerned. */
export interface Refused {
  readonly allowed: false;
  readonly reason: "limited" | "impossible";
  readonly retryAfterMs: number | null;
}

/** A caller in a queue. */
interface Caller {
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  /** Whether it counts as waiting; a caller admitted at once never does. */
  waits: boolean;
  /** Tells it that it is the first one now. */
  isFirst(): void;
}

/** The callers waiting for room in a store, in one queue per key. Only the first one asks. */
export class Turns {
  readonly #clock: Clock;
  readonly #waiters: Waiters;
  readonly #lines = new Map<string, Caller[]>();

  constructor(clock: Clock, waiters: Waiters) {
    this.#clock = clock;
    this.#waiters = waiters;
  }

  /** What `ask` returns once admitted. */
  async enter<A extends { readonly allowed: true } | Refused>(
    key: string,
    options: WaitOptions,
    ask: () => Promise<A>,
  ): Promise<Extract<A, { readonly allowed: true }>> {
    const { timeoutMs = Infinity, signal } = checked(options);
    signal?.throwIfAborted();
    const caller: Caller = { end: timeOf(this.#clock) + timeoutMs, signal, waits: false, isFirst: () => {} };
    const turn = new Promise<void>((resolve) => (caller.isFirst = resolve));
    const line = this.#lines.get(key) ?? [];
    this.#lines.set(key, line);
    line.push(caller);
    try {
      if (line.length > 1) await this.#wait(caller, turn, null);
      return await this.#asked(caller, ask);
    } finally {
      if (caller.waits) this.#waiters.leave();
      this.#leave(key, line, caller);
    }
  }

  async #asked<A extends { readonly allowed: true } | Refused>(
    caller: Caller,
    ask: () => Promise<A>,
  ): Promise<Extract<A, { readonly allowed: true }>> {
    for (;;) {
      const answer = await ask();
      if (answer.allowed) return answer as Extract<A, { readonly allowed: true }>;
      if (answer.reason === "impossible") throw new ImpossibleError();
      const wait = Math.min(answer.retryAfterMs ?? PAUSE_MS_MAX, PAUSE_MS_MAX);
      let cancel = () => {};
      const pause = new Promise<void>((resolve) => (cancel = this.#clock.after(wait, resolve)));
      await this.#wait(caller, pause, answer.retryAfterMs).finally(cancel);
    }
  }

  /** A caller with no time left gets a timeout, not `FullError`. */
  async #wait(caller: Caller, turn: Promise<void>, retryAfterMs: number | null): Promise<void> {
    const end = { ...caller, retryAfterMs };
    timeLeft(this.#clock, end);
    if (!caller.waits) this.#waiters.join();
    caller.waits = true;
    await until(this.#clock, turn, end);
  }

  #leave(key: string, line: Caller[], caller: Caller): void {
    line.splice(line.indexOf(caller), 1);
    const [first] = line;
    if (first === undefined) this.#lines.delete(key);
    // The next one was first already, unless the one leaving was.
    else first.isFirst();
  }
}
