import { TIME_MS_MAX, object, oneOf, onlyKnown, text, wholeNumber } from "./check.js";
import { type Cost, Costs } from "./cost.js";
import { type Duration, nanoseconds } from "./duration.js";
import { InvalidError } from "./errors.js";
import { idBytes } from "./id.js";
import { named } from "./named.js";
import { nanos } from "./options.js";
import type { Policy } from "./policy.js";
import * as wasm from "./wasm/tollgate.js";

/** A hold: an id of 32 hexadecimal digits, and how long it lives. */
export interface HoldSpec {
  readonly id: string;
  readonly ttl: Duration;
}

/** Who changes a capacity (at most 64 bytes), and why (at most 256). */
export interface NoteSpec {
  readonly source?: string | undefined;
  readonly reason?: string | undefined;
}

/** What is asked for: held if there is a hold, and charged once per id if there is one. */
export interface AcquireSpec<N extends string> {
  readonly cost?: Cost<N>;
  readonly hold?: HoldSpec;
  /** The share of every capacity that it may use, in thousandths: 1 to 1,000 (all of it). */
  readonly sharePermille?: number;
  /** 32 hexadecimal digits. */
  readonly once?: string;
}

/** A capacity that is set live; without `capacity` and `per`, back to the policy's own. */
export interface SetCapacitySpec<N extends string> extends NoteSpec {
  readonly limit: N;
  readonly capacity?: number;
  readonly per?: Duration;
}

/** Reduces a capacity, by default to a half (`factorPermille`: 0 to 999). */
export interface ReduceSpec<N extends string> extends NoteSpec {
  readonly limit: N;
  readonly factorPermille?: number | undefined;
}

/** An operation on one key: an object with one field, which says which. */
export type Operation<N extends string = string> =
  | { readonly acquire: AcquireSpec<N> }
  | { readonly settle: { readonly hold: string; readonly cost?: Cost<N> } }
  | { readonly release: { readonly hold: string } }
  | { readonly renew: { readonly hold: HoldSpec } }
  | { readonly penalise: { readonly cost?: Cost<N> } }
  | { readonly block: { readonly for: Duration } }
  | { readonly reset: object }
  | { readonly lower: { readonly limit: N; readonly remaining: number } }
  | { readonly setCapacity: SetCapacitySpec<N> }
  | { readonly reduce: ReduceSpec<N> };

/** Operator actions on a key. */
export type Control<N extends string = string> = Extract<
  Operation<N>,
  { penalise: object } | { block: object } | { lower: object } | { setCapacity: object } | { reduce: object }
>;

/** Every operation, and its fields. */
const FIELDS = {
  acquire: ["cost", "hold", "sharePermille", "once"],
  settle: ["hold", "cost"],
  release: ["hold"],
  renew: ["hold"],
  penalise: ["cost"],
  block: ["for"],
  reset: [],
  lower: ["limit", "remaining"],
  setCapacity: ["limit", "capacity", "per", "source", "reason"],
  reduce: ["limit", "factorPermille", "source", "reason"],
} as const;

type Kind = keyof typeof FIELDS;
type Fields = Readonly<Record<string, unknown>>;

const KINDS = Object.keys(FIELDS) as Kind[];
const CONTROLS: readonly Kind[] = ["penalise", "block", "lower", "setCapacity", "reduce"];

/** Operator actions, as the core takes them. */
export function controlOf<N extends string>(policy: Policy<N>, operation: Control<N>): wasm.Operation {
  const control = operationOf(policy, operation, CONTROLS);
  const [kind, it] = Object.entries(operation)[0] as [Kind, Fields];
  if ((kind === "setCapacity" || kind === "reduce") && !policy.isAdaptive(it["limit"] as N)) {
    control.free();
    throw new InvalidError(`${kind}.limit`, "is not adaptive: its capacity is the policy's");
  }
  return control;
}

/** The operation as the core takes it. */
export function operationOf<N extends string>(
  policy: Policy<N>,
  operation: Operation<N>,
  kinds: readonly Kind[] = KINDS,
): wasm.Operation {
  const entries = Object.entries(object("operation", operation));
  const [name, value] = entries[0] ?? [];
  if (entries.length !== 1) throw new InvalidError("operation", `must have one field: ${kinds.join(", ")}`);
  const kind = oneOf("operation", name, kinds);
  const fields = object(kind, value);
  onlyKnown(`${kind}.`, fields, FIELDS[kind]);
  return named(kind, () => made(policy, kind, fields));
}

function made<N extends string>(policy: Policy<N>, kind: Kind, it: Fields): wasm.Operation {
  const costs = () => new Costs(policy).list(it["cost"] as Cost<N> | undefined);
  const limit = () => position(policy, `${kind}.limit`, it["limit"]);
  switch (kind) {
    case "acquire":
      return acquire(policy, it, costs());
    case "settle":
      return wasm.Operation.settle(policy.core, hold(kind, it), it["cost"] === undefined ? undefined : costs());
    case "release":
      return wasm.Operation.release(hold(kind, it));
    case "renew": {
      const [id, ttl] = lease("renew.hold", it["hold"]);
      return wasm.Operation.renew(id, ttl);
    }
    case "penalise":
      return wasm.Operation.penalise(policy.core, costs());
    case "block":
      return wasm.Operation.block(nanoseconds("block.for", it["for"]));
    case "reset":
      return wasm.Operation.reset();
    case "lower":
      return wasm.Operation.lower(limit(), wholeNumber("lower.remaining", it["remaining"]));
    case "setCapacity":
      return setCapacity(limit(), it);
    case "reduce": {
      const { factorPermille = 500 } = it;
      const factor = wholeNumber("reduce.factorPermille", factorPermille, 0, 999);
      return wasm.Operation.reduce(limit(), factor, note(kind, it, "source"), note(kind, it, "reason"));
    }
  }
}

function acquire<N extends string>(policy: Policy<N>, it: Fields, costs: Float64Array): wasm.Operation {
  const { sharePermille = 1_000 } = it;
  const share = wholeNumber("acquire.sharePermille", sharePermille, 1, 1_000);
  const [id, ttl] = it["hold"] === undefined ? [undefined, 0n] : lease("acquire.hold", it["hold"]);
  const once = it["once"] === undefined ? undefined : idBytes("acquire.once", it["once"]);
  return wasm.Operation.acquire(policy.core, costs, share, id, ttl, once);
}

function setCapacity(limit: number, it: Fields): wasm.Operation {
  const [source, reason] = [note("setCapacity", it, "source"), note("setCapacity", it, "reason")];
  if (it["capacity"] === undefined && it["per"] === undefined) {
    return wasm.Operation.set_capacity(limit, 0, 0n, source, reason);
  }
  const capacity = wholeNumber("setCapacity.capacity", it["capacity"], 1);
  return wasm.Operation.set_capacity(limit, capacity, nanoseconds("setCapacity.per", it["per"]), source, reason);
}

function hold(kind: string, it: Fields): Uint8Array {
  return idBytes(`${kind}.hold`, it["hold"]);
}

function lease(field: string, value: unknown): [Uint8Array, bigint] {
  const it = object(field, value);
  onlyKnown(`${field}.`, it, ["id", "ttl"]);
  const ttl = nanoseconds(`${field}.ttl`, it["ttl"]);
  if (ttl < 1n || ttl > nanos(TIME_MS_MAX)) throw new InvalidError(`${field}.ttl`, "must be longer than nothing, at most 31 days");
  return [idBytes(`${field}.id`, it["id"]), ttl];
}

/** Longest source and reason in bytes, as the core has them. */
const NOTE_BYTES_MAX = { source: 64, reason: 256 } as const;

function note(kind: string, it: Fields, field: "source" | "reason"): string {
  const { [field]: given = "" } = it;
  return given === "" ? "" : text(`${kind}.${field}`, given, NOTE_BYTES_MAX[field]);
}

/** Where a limit stands in its policy. */
export function position<N extends string>(policy: Policy<N>, field: string, name: unknown): number {
  return policy.limits.indexOf(oneOf(field, name, policy.limits));
}
