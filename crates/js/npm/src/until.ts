import type { Clock } from "./clock.js";
import { TimeoutError } from "./errors.js";

/** When waiting ends. */
export interface End {
  /** In milliseconds since the epoch; infinite without an end. */
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  /** What a `TimeoutError` reports. */
  readonly retryAfterMs: number | null;
}

/** Waits for `turn`, but not beyond the end. @throws TimeoutError, or the reason of the signal. */
export async function until(clock: Clock, turn: Promise<void>, end: End): Promise<void> {
  const { signal, retryAfterMs } = end;
  const left = timeLeft(clock, end);
  let [cancel, onAbort] = [() => {}, () => {}];
  const gaveUp = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason);
    if (left !== Infinity) cancel = clock.after(left, () => reject(new TimeoutError(retryAfterMs)));
  });
  signal?.addEventListener("abort", onAbort);
  try {
    await Promise.race([turn, gaveUp]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The time left to wait. @throws TimeoutError, or the reason of the signal. */
export function timeLeft(clock: Clock, { end, signal, retryAfterMs }: End): number {
  signal?.throwIfAborted();
  const left = end - clock.now();
  if (left <= 0) throw new TimeoutError(retryAfterMs);
  return left;
}
