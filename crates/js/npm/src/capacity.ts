import type { Decided } from "./wasm/tollgate.js";

/** The capacity in force for a key's adaptive limit. */
export interface Capacity {
  readonly capacity: number;
  /** What it recovers to: the policy's capacity, or the one set live. */
  readonly original: number;
  readonly perMs: number;
  /** The last change that somebody made, if there was one. */
  readonly change?: CapacityChange;
}

/** A change of a capacity: to what, by whom, why and when. */
export interface CapacityChange {
  readonly atMs: number;
  readonly capacity: number;
  readonly source: string;
  readonly reason: string;
}

/** What a listener receives. */
export interface CapacityEvent<N extends string> extends Capacity {
  readonly key: string;
  readonly limit: N;
}

/** The capacity of the limit at this position; nothing of one that is not adaptive. */
export function capacityOf(decided: Decided, index: number): Capacity | undefined {
  const numbers = decided.capacity(index);
  if (numbers === undefined) return undefined;
  const [capacity, original, per] = Array.from(numbers, Number);
  const change = changeOf(decided, index);
  return { capacity: capacity!, original: original!, perMs: per! / 1e6, ...(change && { change }) };
}

function changeOf(decided: Decided, index: number): CapacityChange | undefined {
  const [at, capacity] = decided.change(index) ?? [];
  if (at === undefined) return undefined;
  return {
    atMs: Number(at / 1_000_000n),
    capacity: Number(capacity),
    source: decided.change_source(index) ?? "",
    reason: decided.change_reason(index) ?? "",
  };
}
