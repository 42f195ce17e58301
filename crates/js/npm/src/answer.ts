import type { Decision, LimitStatus, Limits, Verdict } from "./decision.js";

/** Numbers of the whole decision, and of each limit (`crates/js/src/answer.rs`). */
export const HEAD = 3;
export const PER_LIMIT = 7;

const VERDICTS: readonly Verdict[] = ["allowed", "limited", "impossible"];

/** What was done to a key. */
export type Effect =
  | "none"
  | "charged"
  | "held"
  | "repeated"
  | "settled"
  | "released"
  | "renewed"
  | "no-hold"
  | "changed";

const EFFECTS: readonly Effect[] = [
  "none",
  "charged",
  "held",
  "repeated",
  "settled",
  "released",
  "renewed",
  "no-hold",
  "changed",
];

/** The verdict in a code. */
export function verdictOf(code: number): Verdict {
  return VERDICTS[code & 3]!;
}

/** The effect in a code. */
export function effectOf(code: number): Effect {
  return EFFECTS[code >> 2]!;
}

/**
 * The names of a policy's limits, and an object that has them all: a copy of one is made in half the time
 * that an object takes whose names are computed.
 */
export interface Shape<N extends string> {
  readonly names: readonly N[];
  readonly blank: Limits<N>;
  /** Whether it is what a policy of a text has: `requests` alone. */
  readonly isRequests: boolean;
}

/** The shape of what is said about limits with these names. */
export function shapeOf<N extends string>(names: readonly N[]): Shape<N> {
  const nothing = statusOf(new Float64Array(PER_LIMIT), 0);
  const blank = Object.fromEntries(names.map((name) => [name, nothing])) as Limits<N>;
  return { names, blank, isRequests: names.length === 1 && names[0] === "requests" };
}

/** The decision that these numbers, in milliseconds, say; `at` is where they begin. */
export function decisionOf<N extends string>(
  shape: Shape<N>,
  code: number,
  numbers: Float64Array,
  at: number,
): Decision<N> {
  const limits = limitsOf(shape, numbers, at + HEAD);
  switch (code & 3) {
    case 0:
      return { allowed: true, delayMs: numbers[at + 2]!, limits };
    case 1:
      return { allowed: false, reason: "limited", retryAfterMs: finite(numbers[at]!), limits };
    default:
      return { allowed: false, reason: "impossible", retryAfterMs: null, limits };
  }
}

function limitsOf<N extends string>({ names, blank, isRequests }: Shape<N>, numbers: Float64Array, at: number): Limits<N> {
  // Making an object takes a third of the time when its name is in the code.
  if (isRequests) return { requests: statusOf(numbers, at) } as unknown as Limits<N>;
  const limits: { [name in N]: LimitStatus } = { ...blank };
  for (let index = 0; index < names.length; index += 1) {
    limits[names[index]!] = statusOf(numbers, at + PER_LIMIT * index);
  }
  return limits;
}

function statusOf(numbers: Float64Array, at: number): LimitStatus {
  return {
    verdict: VERDICTS[numbers[at]!]!,
    limit: numbers[at + 1]!,
    remaining: numbers[at + 2]!,
    held: numbers[at + 3]!,
    retryAfterMs: finite(numbers[at + 4]!),
    resetAfterMs: finite(numbers[at + 5]!),
    delayMs: numbers[at + 6]!,
  };
}

function finite(millis: number): number | null {
  return millis === Infinity ? null : millis;
}

const MILLI = 1_000_000n;
const NEVER = 0xffff_ffff_ffff_ffffn;

/** The same numbers with their times in milliseconds, rounded up. */
export function millisOf(numbers: BigUint64Array): Float64Array {
  return Float64Array.from(numbers, (number, index) => {
    const inLimit = index - HEAD;
    const isTime = inLimit < 0 || inLimit % PER_LIMIT >= 4;
    if (!isTime) return Number(number);
    return number === NEVER ? Infinity : Number((number + MILLI - 1n) / MILLI);
  });
}
