import { wholeNumber } from "./check.js";
import { InvalidError } from "./errors.js";

/** Seconds, and nanoseconds below one, as `process.hrtime()` spells them. */
export type HrTime = readonly [seconds: number, nanoseconds: number];

/** A wait; `null` when it never ends. */
export type HrWait = HrTime | null;

const SECOND = 1_000_000_000n;
const NEVER = 0xffff_ffff_ffff_ffffn;

/** A time as the core counts it. */
export function nanosOf(field: string, time: HrTime): bigint {
  if (!Array.isArray(time) || time.length !== 2) throw new InvalidError(field, "must be [seconds, nanoseconds]");
  const seconds = BigInt(wholeNumber(`${field}[0]`, time[0]));
  const nanos = seconds * SECOND + BigInt(wholeNumber(`${field}[1]`, time[1], 0, 999_999_999));
  return nanos > NEVER ? NEVER : nanos;
}

/** A time of the core. */
export function hrTimeOf(nanos: bigint): HrTime {
  return [Number(nanos / SECOND), Number(nanos % SECOND)];
}

/** A wait of the core. */
export function hrWaitOf(nanos: bigint): HrWait {
  return nanos === NEVER ? null : hrTimeOf(nanos);
}

/** Whole milliseconds, rounded up. */
export function millisOfHr([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + Math.ceil(nanos / 1e6);
}

/** The time of a clock that shows milliseconds. */
export function hrTimeOfMillis(millis: number): HrTime {
  const whole = Math.floor(millis);
  return [Math.floor(whole / 1_000), (whole % 1_000) * 1e6 + Math.floor((millis - whole) * 1e6)];
}
