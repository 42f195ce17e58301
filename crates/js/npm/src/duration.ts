import { isUnits, shown } from "./check.js";
import { InvalidError } from "./errors.js";

/**
 * A period: whole milliseconds, or a number with a unit (`250ms`, `1s`, `minute`), or several of them
 * (`1h 30m`).
 */
export type Duration = number | string;

const MILLI = 1_000_000n;
const SECOND = 1_000n * MILLI;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["ms", MILLI],
  ...["s", "sec", "second", "seconds"].map((unit) => [unit, SECOND] as const),
  ...["m", "min", "minute", "minutes"].map((unit) => [unit, 60n * SECOND] as const),
  ...["h", "hour", "hours"].map((unit) => [unit, 3_600n * SECOND] as const),
  ...["d", "day", "days"].map((unit) => [unit, 86_400n * SECOND] as const),
  ...["w", "week", "weeks"].map((unit) => [unit, 604_800n * SECOND] as const),
]);

/** Longest text of a duration. */
const TEXT_MAX = 64;
const PART = /(\d*) *([a-z]+) */y;

/** The nanoseconds of a duration. The core says whether there are too many. */
export function nanoseconds(field: string, duration: unknown): bigint {
  if (isUnits(duration)) return capped(BigInt(duration) * MILLI);
  const nanos = typeof duration === "string" ? parsed(duration) : undefined;
  if (nanos === undefined) {
    throw new InvalidError(
      field,
      `must be whole milliseconds, or a text such as "250ms", "1m" or "1h 30m", not ${shown(duration)}`,
    );
  }
  return capped(nanos);
}

function parsed(text: string): bigint | undefined {
  if (text.length === 0 || text.length > TEXT_MAX) return undefined;
  let sum = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    const unit = UNITS.get(part?.[2] ?? "");
    if (part === null || unit === undefined) return undefined;
    sum += (part[1] === "" ? 1n : BigInt(part[1] ?? 1)) * unit;
  }
  return sum;
}

/** What the border takes; it is far more than the core does. */
function capped(nanos: bigint): bigint {
  return nanos > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : nanos;
}
