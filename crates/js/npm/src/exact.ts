import { type Effect, HEAD, PER_LIMIT, effectOf, verdictOf } from "./answer.js";
import { record as checkedRecord } from "./check.js";
import type { Verdict } from "./decision.js";
import { InvalidError } from "./errors.js";
import { type HrTime, type HrWait, hrWaitOf, nanosOf } from "./hr-time.js";
import { type Operation, operationOf } from "./operation.js";
import { named } from "./named.js";
import { Policy } from "./policy.js";
import type { Decided } from "./wasm/tollgate.js";

/** The capacity in force for an adaptive limit. */
export interface ExactCapacity {
  readonly capacity: number;
  /** What it recovers to: the policy's capacity, or the one set live. */
  readonly original: number;
  readonly per: HrWait;
}

/** Where one limit stands, to the nanosecond. */
export interface ExactStatus {
  readonly verdict: Verdict;
  readonly limit: number;
  readonly remaining: number;
  readonly held: number;
  readonly retryAfter: HrWait;
  readonly resetAfter: HrWait;
  readonly delay: HrWait;
  /** Only for adaptive limits. */
  readonly capacity?: ExactCapacity;
}

/** The result of an operation, to the nanosecond. */
export interface Applied<N extends string = string> {
  readonly verdict: Verdict;
  readonly effect: Effect;
  readonly retryAfter: HrWait;
  /** How long the key is closed whatever its limits say: it is blocked, or has as many holds as allowed. */
  readonly closedFor: HrWait;
  readonly delay: HrWait;
  readonly limits: { readonly [name in N]: ExactStatus };
  /** The record to write; left out when it did not change. */
  readonly record?: Uint8Array;
}

/**
 * Decides on a record that the caller keeps: a function of its arguments and nothing else, the same to
 * the bit on every host.
 *
 * @throws InvalidError that names the invalid argument; `record` when its bytes
 * are none.
 */
export function apply<N extends string>(
  policy: Policy<N>,
  record: Uint8Array | undefined,
  operation: Operation<N>,
  now: HrTime,
): Applied<N> {
  if (!(policy instanceof Policy)) throw new InvalidError("policy", "must be a Policy");
  const time = nanosOf("now", now);
  const before = checkedRecord(record);
  const asked = operationOf(policy, operation);
  const decided = named("record", () => policy.core.apply(before, asked, time));
  try {
    return appliedOf(policy.limits, decided);
  } finally {
    decided.free();
  }
}

function appliedOf<N extends string>(names: readonly N[], decided: Decided): Applied<N> {
  const numbers = decided.numbers();
  const limits = names.map((name, index) => [name, statusOf(decided, numbers, index)] as const);
  const [code, record] = [decided.code(), decided.record()];
  return {
    verdict: verdictOf(code),
    effect: effectOf(code),
    retryAfter: hrWaitOf(numbers[0]!),
    closedFor: hrWaitOf(numbers[1]!),
    delay: hrWaitOf(numbers[2]!),
    limits: Object.fromEntries(limits) as Applied<N>["limits"],
    ...(record && { record }),
  };
}

function statusOf(decided: Decided, numbers: BigUint64Array, index: number): ExactStatus {
  const at = HEAD + PER_LIMIT * index;
  const capacity = decided.capacity(index);
  return {
    verdict: verdictOf(Number(numbers[at])),
    limit: Number(numbers[at + 1]),
    remaining: Number(numbers[at + 2]),
    held: Number(numbers[at + 3]),
    retryAfter: hrWaitOf(numbers[at + 4]!),
    resetAfter: hrWaitOf(numbers[at + 5]!),
    delay: hrWaitOf(numbers[at + 6]!),
    ...(capacity && { capacity: capacityOf(capacity) }),
  };
}

function capacityOf([capacity, original, per]: BigUint64Array): ExactCapacity {
  return { capacity: Number(capacity), original: Number(original), per: hrWaitOf(per!) };
}
