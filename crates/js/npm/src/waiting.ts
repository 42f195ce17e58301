import { wholeNumber } from "./check.js";
import type { Clock } from "./clock.js";
import type { Denied } from "./decision.js";
import { ImpossibleError, InvalidError, TimeoutError } from "./errors.js";
import type { Waiters } from "./waiters.js";

/** How long to wait for a turn. */
export interface WaitOptions {
  /** Gives up after this many ms, except during a call of a store or an edge; 0 does not wait. By default unlimited. */
  readonly timeoutMs?: number | undefined;
  /** Gives up when it is aborted, in the same way. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  /** Asks once more; returns how long to wait, or `undefined` when it is over. */
  readonly ask: () => Denied | undefined;
  readonly fail: (error: unknown) => void;
}

interface Line {
  readonly waiters: Waiter[];
  /** Takes back the timer of the first in line. */
  cancel: () => void;
}

/** The callers waiting for room, in one queue per key: the first one's request is repeated exactly when it may pass. */
export class Waiting {
  readonly #clock: Clock;
  readonly #waiters: Waiters;
  readonly #lines = new Map<string, Line>();
  /** Those waiting elsewhere, who are told of changes on a key. */
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(clock: Clock, waiters: Waiters) {
    this.#clock = clock;
    this.#waiters = waiters;
  }

  /** What `ask` returns once admitted. */
  async enter<T extends { readonly allowed: true }>(
    key: string,
    options: WaitOptions,
    ask: () => T | Denied,
  ): Promise<T> {
    const { timeoutMs, signal } = checked(options);
    signal?.throwIfAborted();
    const first = this.#lines.has(key) ? undefined : ask();
    if (first?.allowed) return first;
    if (first?.reason === "impossible") throw new ImpossibleError();
    if (timeoutMs === 0) throw new TimeoutError(first?.retryAfterMs ?? null);
    this.#waiters.join();
    return this.#wait(key, timeoutMs, signal, ask, first);
  }

  /** Calls `wake` when a key was changed, after those in its queue; the returned function unsubscribes. */
  watch(key: string, wake: () => void): () => void {
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers);
    watchers.add(wake);
    return () => {
      if (watchers.delete(wake) && watchers.size === 0) this.#watchers.delete(key);
    };
  }

  /** A key was changed: admits whoever may pass now. */
  wake(key: string): void {
    this.#wakeLine(key);
    this.#tell(key);
  }

  /** Nobody is admitted any more. */
  close(error: unknown): void {
    for (const line of [...this.#lines.values()]) {
      for (const waiter of [...line.waiters]) waiter.fail(error);
    }
    for (const key of [...this.#watchers.keys()]) this.#tell(key);
  }

  #tell(key: string): void {
    for (const wake of [...(this.#watchers.get(key) ?? [])]) wake();
  }

  #wakeLine(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    line.cancel();
    line.cancel = () => {};
    for (let first = line.waiters[0]; first !== undefined; first = line.waiters[0]) {
      const denied = first.ask();
      if (denied !== undefined) return this.#wakeIn(key, line, denied);
    }
  }

  #wait<T extends { readonly allowed: true }>(
    key: string,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
    ask: () => T | Denied,
    first: Denied | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let denied = first;
      let cancelTimeout = () => {};
      const onAbort = () => waiter.fail(signal?.reason);
      const leave = () => {
        cancelTimeout();
        signal?.removeEventListener("abort", onAbort);
        this.#leave(key, waiter);
      };
      const waiter: Waiter = {
        ask: () => {
          try {
            const answer = ask();
            denied = answer.allowed ? undefined : answer;
            if (!answer.allowed && answer.reason === "limited") return answer;
            leave();
            if (answer.allowed) resolve(answer);
            else reject(new ImpossibleError());
          } catch (error) {
            leave();
            reject(error);
          }
          return undefined;
        },
        fail: (error) => {
          leave();
          reject(error);
          this.#wakeLine(key);
        },
      };
      if (timeoutMs !== undefined) {
        const giveUp = () => waiter.fail(new TimeoutError(denied?.retryAfterMs ?? null));
        cancelTimeout = this.#clock.after(timeoutMs, giveUp);
      }
      signal?.addEventListener("abort", onAbort);
      this.#join(key, waiter, first);
    });
  }

  #join(key: string, waiter: Waiter, denied: Denied | undefined): void {
    const line = this.#lines.get(key) ?? { waiters: [], cancel: () => {} };
    this.#lines.set(key, line);
    line.waiters.push(waiter);
    if (denied !== undefined) this.#wakeIn(key, line, denied);
  }

  #leave(key: string, waiter: Waiter): void {
    const line = this.#lines.get(key);
    const position = line?.waiters.indexOf(waiter) ?? -1;
    if (line === undefined || position < 0) return;
    line.waiters.splice(position, 1);
    this.#waiters.leave();
    if (line.waiters.length > 0) return;
    line.cancel();
    this.#lines.delete(key);
  }

  /** Where waiting alone does not help, only a change by others does. */
  #wakeIn(key: string, line: Line, denied: Denied): void {
    if (denied.retryAfterMs === null) return;
    line.cancel = this.#clock.after(denied.retryAfterMs, () => this.#wakeLine(key));
  }
}

/** The options, if they are what they should be. */
export function checked(options: WaitOptions): WaitOptions {
  const { timeoutMs, signal } = options;
  if (timeoutMs !== undefined) wholeNumber("timeoutMs", timeoutMs);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidError("signal", "must be an AbortSignal");
  }
  return options;
}
