import { HEAD, PER_LIMIT, type Shape, decisionOf, shapeOf } from "./answer.js";
import type { Decision } from "./decision.js";
import { key as checkedKey } from "./check.js";
import { DisposedError, FullError } from "./errors.js";
import { numbersAt } from "./memory.js";
import type { Policy } from "./policy.js";
import * as wasm from "./wasm/tollgate.js";

/** Room for costs before the numbers of a decision. */
const LIMITS_MAX = 16;
const NUMBERS = LIMITS_MAX + HEAD + LIMITS_MAX * PER_LIMIT;

/** How many records a new key checks for whether they can be forgotten: with two, a limiter shrinks faster than it grows. */
const SWEEP_STEPS = 2;
/** The same when the limiter is full. More would make one new key wait for milliseconds. */
const SWEEP_STEPS_MAX = 4_096;

/** No keys. */
const NONE: ReadonlySet<string> = new Set();

/** A spare record, for peeking at keys that were never seen. */
const SCRATCH = 0;

/**
 * The records of all keys, in the module's memory. A key is a slot there; it is forgotten only when its
 * record decides as none would, so no debt and nothing held is ever forgotten early.
 */
export class Records<N extends string> {
  readonly #shape: Shape<N>;
  readonly #max: number;
  readonly #slots = new Map<string, number>();
  /** The key of each slot. */
  readonly #keys: string[] = [""];
  #table: wasm.Table | undefined;
  #view: Float64Array;
  /** Where the next search for forgettable records begins. */
  #hand = SCRATCH + 1;

  constructor(policy: Policy<N>, max: number) {
    this.#shape = shapeOf(policy.limits);
    this.#max = max;
    this.#table = new wasm.Table(policy.core);
    this.#table.grow();
    this.#view = numbersAt(this.#table.exchange(), NUMBERS);
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#slots.size;
  }

  /** The module's part of this. */
  get table(): wasm.Table {
    if (this.#table === undefined) throw new DisposedError();
    return this.#table;
  }

  /** Where the costs of the next request are written. */
  get costs(): Float64Array {
    if (this.#view.length === 0) this.#view = numbersAt(this.table.exchange(), NUMBERS);
    return this.#view;
  }

  /** The slot of a key, if it is remembered. */
  find(key: string): number | undefined {
    return this.#slots.get(key);
  }

  /** The slot of a key, or a new one if it is not remembered; none of `spared` is forgotten for it. */
  slot(key: string, now: number, spared: ReadonlySet<string> = NONE): number {
    return this.#slots.get(key) ?? this.#add(key, now, spared);
  }

  /** The slot of a key, or the spare one of a key never seen, valid for one peek. */
  look(key: string): number {
    const slot = this.#slots.get(checkedKey("key", key));
    if (slot === undefined) this.table.clear(SCRATCH);
    return slot ?? SCRATCH;
  }

  /** The last decision. */
  decision(code: number): Decision<N> {
    return decisionOf(this.#shape, code, this.costs, LIMITS_MAX);
  }

  /** Frees the memory. */
  dispose(): void {
    this.#table?.free();
    this.#table = undefined;
    this.#view = new Float64Array(0);
    this.#slots.clear();
  }

  #add(key: string, now: number, spared: ReadonlySet<string>): number {
    checkedKey("key", key);
    const isFull = this.#slots.size >= this.#max;
    const slot = this.#forget(isFull ? SWEEP_STEPS_MAX : SWEEP_STEPS, now, spared) ?? this.#grow(isFull);
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
    return slot;
  }

  #grow(isFull: boolean): number {
    if (isFull) {
      throw new FullError("too-many-keys", `each of the ${this.#max} keys has something to remember; raise maxKeys`);
    }
    return this.table.grow();
  }

  /** Forgets one of the next `steps` keys, not in `spared`, whose record decides as none would; returns its slot. */
  #forget(steps: number, now: number, spared: ReadonlySet<string>): number | undefined {
    for (let rest = Math.min(steps, this.#keys.length - 1); rest > 0; ) {
      if (this.#hand >= this.#keys.length) this.#hand = SCRATCH + 1;
      const [first, count] = [this.#hand, Math.min(rest, this.#keys.length - this.#hand)];
      const slot = this.table.forgettable(first, count, now);
      this.#hand = slot < 0 ? first + count : slot + 1;
      rest -= this.#hand - first;
      if (slot < 0 || spared.has(this.#keys[slot]!)) continue;
      this.#slots.delete(this.#keys[slot]!);
      this.table.clear(slot);
      return slot;
    }
    return undefined;
  }
}
