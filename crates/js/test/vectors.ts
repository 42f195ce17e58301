/** Runs the shared vectors (`tests/vectors/README.md`) on the package, on any host. */

import { type Applied, type ExactStatus, type HrTime, type HrWait, type LimitSpec, type Operation, Policy, apply } from "tollgate";

type Json = Readonly<Record<string, unknown>>;

/** A file of vectors. */
export interface VectorFile {
  readonly vectors: readonly Vector[];
}

interface Vector {
  readonly why: string;
  readonly policy: PolicyText;
  readonly record?: string;
  readonly steps: readonly Step[];
}

interface PolicyText {
  readonly limits: readonly (Json & { readonly name: string })[];
}

interface Step {
  readonly why: string;
  readonly policy?: PolicyText;
  readonly now_ns: string;
  readonly operation: Readonly<Record<string, Json>>;
  readonly expect: Json & { readonly record: string };
}

/** The record of a key that was never seen. */
const NEVER_SEEN = "01";

/** Runs a file; answers what was said at each step. The first step that differs is an error. */
export function runVectors(file: string, { vectors }: VectorFile): string[] {
  const steps: string[] = [];
  for (const vector of vectors) {
    let policy = policyOf(vector.policy);
    let record = vector.record ?? NEVER_SEEN;
    for (const step of vector.steps) {
      if (step.policy !== undefined) policy = policyOf(step.policy);
      const applied = apply(policy, unhex(record), operationOf(policy, step.operation), timeOf(step.now_ns));
      const [said, expected] = [JSON.stringify(saidBy(policy, applied, record)), JSON.stringify(sorted(step.expect))];
      if (said !== expected) throw new Error(`${file}: ${vector.why} ${step.why}\nsaid     ${said}\nexpected ${expected}`);
      record = step.expect.record;
      steps.push(`${file}\t${said}`);
    }
  }
  return steps;
}

function policyOf({ limits }: PolicyText): Policy<string> {
  return new Policy<string>(Object.fromEntries(limits.map(({ name, ...fields }) => [name, limitOf(fields)])));
}

/** Fields that end in `_ns` are durations, and the windows are spelled as in a policy text. */
function limitOf(fields: Json): LimitSpec {
  const limit = spelled(fields);
  const { window, utcOffsetSecs, ...rest } = limit;
  if (window === "first-use") rest["start"] = window;
  else if (window !== undefined && window !== "aligned") rest["calendar"] = window;
  if (utcOffsetSecs !== undefined) rest["utcOffset"] = offsetOf(utcOffsetSecs as number);
  return rest as unknown as LimitSpec;
}

function offsetOf(secs: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  const rest = Math.abs(secs);
  return `${secs < 0 ? "-" : "+"}${two(rest / 3_600)}:${two((rest / 60) % 60)}:${two(rest % 60)}`;
}

function operationOf(policy: Policy<string>, text: Step["operation"]): Operation {
  const [[name, fields] = ["", {}]] = Object.entries(text);
  const { costs, ...rest } = spelled(fields);
  const cost = Array.isArray(costs) && Object.fromEntries(policy.limits.map((limit, index) => [limit, costs[index]]));
  return { [camel(name)]: { ...rest, ...(cost && { cost }) } } as unknown as Operation;
}

/** The same in the spelling of JavaScript. */
function spelled(fields: Json): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (name.endsWith("_ns")) return [camel(name.slice(0, -3)), `${value as string}ns`] as const;
    return [camel(name), typeof value === "object" && !Array.isArray(value) ? spelled(value as Json) : value] as const;
  });
  return Object.fromEntries(entries);
}

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What was said, as the vectors spell it. */
function saidBy(policy: Policy<string>, applied: Applied, before: string): unknown {
  return sorted({
    verdict: applied.verdict,
    effect: applied.effect,
    changed: applied.record !== undefined,
    retry_after_ns: nanos(applied.retryAfter),
    limits: policy.limits.map((name) => standing(applied.limits[name]!)),
    record: applied.record === undefined ? before : hex(applied.record),
  });
}

function standing(status: ExactStatus): unknown {
  const { capacity } = status;
  return {
    verdict: status.verdict,
    limit: status.limit,
    remaining: status.remaining,
    held: status.held,
    retry_after_ns: nanos(status.retryAfter),
    reset_after_ns: nanos(status.resetAfter),
    delay_ns: nanos(status.delay),
    ...(capacity && {
      capacity: { capacity: capacity.capacity, original: capacity.original, per_ns: nanos(capacity.per) },
    }),
  };
}

/** A time in nanoseconds. */
export function timeOf(nanos: string): HrTime {
  const time = BigInt(nanos);
  return [Number(time / 1_000_000_000n), Number(time % 1_000_000_000n)];
}

function nanos(wait: HrWait): string {
  return wait === null ? "never" : String(BigInt(wait[0]) * 1_000_000_000n + BigInt(wait[1]));
}

/** The same with its fields in one order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Bytes as text. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes that a text spells. */
export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
