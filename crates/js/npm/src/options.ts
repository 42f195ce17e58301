import { TIME_MS_MAX, wholeNumber } from "./check.js";
import type { Cost } from "./cost.js";
import type { WaitOptions } from "./waiting.js";

/** How long a reservation lives by default: a minute. */
export const TTL_MS_DEFAULT = 60_000;

/** Options of a call that waits. */
export interface AcquireOptions<N extends string> extends WaitOptions {
  readonly cost?: Cost<N> | undefined;
}

/** Options of a reservation. */
export interface ReserveOptions<N extends string> {
  /** The cost to hold: an estimate. */
  readonly cost?: Cost<N> | undefined;
  /** How long it is held at most (60,000 ms), up to 31 days. Then it is charged. */
  readonly ttlMs?: number | undefined;
}

/** Makes a request count once, however often it is retried. */
export interface RequestOptions {
  /**
   * A UUID, or 32 hexadecimal digits: a caller that lost the answer retries under the same id, and is not charged
   * again. A key remembers the last 16.
   */
  readonly requestId?: string | undefined;
}

/** How long these options let a hold live, in milliseconds. @throws InvalidError */
export function ttlOf(options: { readonly ttlMs?: number | undefined } | undefined): number {
  return checkedTtl(options?.ttlMs === undefined ? TTL_MS_DEFAULT : options.ttlMs);
}

/** `ttlMs`, if a hold may live for so many milliseconds. @throws InvalidError */
export function checkedTtl(ttlMs: unknown): number {
  return wholeNumber("ttlMs", ttlMs, 1, TIME_MS_MAX);
}

/** As the core counts time. */
export function nanos(millis: number): bigint {
  return BigInt(millis) * 1_000_000n;
}
