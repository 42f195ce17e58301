import { list, onlyKnown } from "./check.js";
import type { Allowed, Decision } from "./decision.js";
import { InvalidError } from "./errors.js";

/** Most keys that are asked together, as the core has it. */
const LEGS_MAX = 8;

/** All keys were charged. */
export interface AllAllowed {
  readonly allowed: true;
  /** How long it has to wait for its turn: the longest of all keys. */
  readonly delayMs: number;
  /** What each key says, in their order. */
  readonly legs: readonly Allowed[];
}

/** Nothing was charged on any key. */
export interface AllDenied {
  readonly allowed: false;
  readonly reason: "limited" | "impossible";
  /** How long until all of them would admit it if nobody else asks; `null` when waiting does not help. */
  readonly retryAfterMs: number | null;
  /** The positions of the keys that denied it. */
  readonly deniedBy: readonly number[];
  /** Each key's own answer, in their order; `undefined` for one that was no longer asked. */
  readonly legs: readonly (Decision | undefined)[];
}

/** May it pass on all keys? */
export type AllDecision = AllAllowed | AllDenied;

/** The keys that are asked together, if they are few and each has its limiter. */
export function legsOf<L extends { readonly limiter: unknown }>(legs: unknown, kind: abstract new (...args: never[]) => unknown): readonly L[] {
  const asked = list<L>("legs", legs);
  if (asked.length > LEGS_MAX) throw new InvalidError("legs", `must be at most ${LEGS_MAX}, not ${asked.length}`);
  for (const [index, leg] of asked.entries()) {
    if (!(leg?.limiter instanceof kind)) throw new InvalidError(`legs[${index}].limiter`, `must be a ${kind.name}`);
    onlyKnown(`legs[${index}].`, leg, ["limiter", "key", "cost"]);
  }
  return asked;
}

/** An error about one of several keys says which. */
export function inLeg<T>(index: number, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    throw new InvalidError(`legs[${index}].${error.field}`, error.problem);
  }
}

/** The answer of several keys together. */
export function together(legs: readonly (Decision | undefined)[]): AllDecision {
  const allowed = legs.filter((leg) => leg?.allowed === true);
  if (allowed.length === legs.length) {
    return { allowed: true, delayMs: Math.max(...allowed.map((leg) => leg.delayMs)), legs: allowed };
  }
  const denied = legs.filter((leg) => leg?.allowed === false);
  const waits = denied.map((leg) => leg.retryAfterMs ?? Infinity);
  const longest = Math.max(...waits);
  return {
    allowed: false,
    reason: denied.some((leg) => leg.reason === "impossible") ? "impossible" : "limited",
    retryAfterMs: longest === Infinity ? null : longest,
    deniedBy: legs.flatMap((leg, position) => (leg?.allowed === false ? [position] : [])),
    legs,
  };
}
