import type { Duration } from "./duration.js";

/** Options of every limit. */
export interface GeneralSpec {
  /** The cost of a request that names none: 1 for a limit named `requests`, for slots and for the only limit of a policy. */
  readonly defaultCost?: number;
  /** Every call costs 1, and naming another cost is an error. */
  readonly perCall?: boolean;
  /** Counts and reports what it would have decided, but denies nothing. */
  readonly shadow?: boolean;
  /** What was used beyond a reservation is charged (`debt`, the default), or settling it is refused. */
  readonly overrun?: "debt" | "refuse";
}

/** `limit` units per period, at most `burst` (the limit) at once. */
export interface GcraSpec extends GeneralSpec {
  readonly algorithm: "gcra";
  readonly limit: number;
  readonly per: Duration;
  readonly burst?: number;
}

/** Regains `refill` units per period; with none it is a budget that is spent only once, and has no period. */
export interface TokenBucketSpec extends GeneralSpec {
  readonly algorithm: "token-bucket";
  readonly capacity: number;
  readonly refill: number;
  readonly per?: Duration;
  /** What a new key has: the capacity. */
  readonly initial?: number;
}

/** Starts empty and drains `leak` units per period; a queue tells when a request's turn is. */
export interface LeakySpec extends GeneralSpec {
  readonly algorithm: "leaky-bucket" | "leaky-queue";
  readonly capacity: number;
  readonly leak: number;
  readonly per: Duration;
}

/** Windows of a period, aligned to the epoch or from first use, or those of the calendar. */
export type WindowsSpec =
  | { readonly per: Duration; readonly start?: "epoch"; readonly utcOffset?: string; readonly calendar?: undefined }
  | { readonly per: Duration; readonly start: "first-use"; readonly utcOffset?: undefined; readonly calendar?: undefined }
  | {
      readonly calendar: "day" | "week" | "month";
      readonly utcOffset?: string;
      readonly per?: undefined;
      readonly start?: undefined;
    };

/** `limit` units in each window. */
export type FixedWindowSpec = GeneralSpec & WindowsSpec & { readonly algorithm: "fixed-window"; readonly limit: number };

/** Regains `refill` units at once when a window ends. */
export type IntervalBucketSpec = GeneralSpec &
  WindowsSpec & {
    readonly algorithm: "interval-bucket";
    readonly capacity: number;
    readonly refill: number;
    /** What a new key has: the capacity. */
    readonly initial?: number;
  };

/** `limit` units in any span of one period: exactly, or approximately, from two counters. */
export interface SlidingSpec extends GeneralSpec {
  readonly algorithm: "sliding-log" | "sliding-counter";
  readonly limit: number;
  readonly per: Duration;
}

/** At most `slots` units at the same time. They have to be reserved. */
export interface ConcurrencySpec extends GeneralSpec {
  readonly algorithm: "concurrency";
  readonly slots: number;
}

/** A token bucket whose capacity is set live, reduced, and recovers. */
export interface AdaptiveSpec extends GeneralSpec {
  readonly algorithm: "adaptive";
  readonly capacity: number;
  readonly per: Duration;
  /** The time between two steps of the recovery: 30 s. */
  readonly recoveryInterval?: Duration;
  /** What the capacity is multiplied by at each of them, in thousandths: 1,100. */
  readonly recoveryFactorPermille?: number;
  /** How far it recovers, in thousandths of the policy's capacity: 1,000. */
  readonly recoveryCeilingPermille?: number;
}

/** One limit: an algorithm and its numbers. */
export type LimitSpec =
  | GcraSpec
  | TokenBucketSpec
  | LeakySpec
  | FixedWindowSpec
  | IntervalBucketSpec
  | SlidingSpec
  | ConcurrencySpec
  | AdaptiveSpec;
