import { UNITS_MAX, isUnits, object, shown } from "./check.js";
import { InvalidError } from "./errors.js";
import type { Policy } from "./policy.js";

/**
 * Units by limit name; of a policy of one limit also a plain number. Limits that are not named cost
 * their default, and 0 asks for nothing.
 */
export type Cost<N extends string> = number | { readonly [name in N]?: number };

/** What a policy's limits cost. */
export class Costs<N extends string> {
  readonly #names: readonly N[];
  readonly #defaults: readonly (number | undefined)[];
  readonly #most: readonly number[];

  constructor(policy: Policy<N>) {
    this.#names = policy.limits;
    this.#defaults = this.#names.map((_, index) => policy.core.default_cost(index));
    this.#most = this.#names.map((_, index) => (policy.core.is_per_call(index) ? 1 : UNITS_MAX));
  }

  /** Writes one number per limit. */
  write(into: Float64Array, cost: Cost<N> | undefined): void {
    if (typeof cost === "number" && this.#names.length === 1) {
      into[0] = this.#checked(0, cost, "cost");
    } else if (cost === undefined) {
      for (let index = 0; index < this.#names.length; index += 1) into[index] = this.#default(index);
    } else {
      this.#writeNamed(into, cost);
    }
  }

  /** One number per limit. */
  list(cost: Cost<N> | undefined): Float64Array {
    const list = new Float64Array(this.#names.length);
    this.write(list, cost);
    return list;
  }

  /** Costs that ask for nothing. */
  none(): Float64Array {
    return new Float64Array(this.#names.length);
  }

  #writeNamed(into: Float64Array, cost: unknown): void {
    if (typeof cost !== "object" && this.#names.length !== 1) {
      throw new InvalidError("cost", `must be an object by limit name, not ${shown(cost)}`);
    }
    if (typeof cost !== "object") throw refused("cost", UNITS_MAX, cost);
    const given = object("cost", cost);
    for (const name of Object.keys(given)) {
      if (!this.#names.includes(name as N)) {
        throw new InvalidError(`cost.${name}`, `no limit is named so: there are ${this.#names.join(", ")}`);
      }
    }
    for (const [index, name] of this.#names.entries()) {
      const units = Object.hasOwn(given, name) ? given[name] : undefined;
      into[index] = units === undefined ? this.#default(index) : this.#checked(index, units, `cost.${name}`);
    }
  }

  #checked(index: number, units: unknown, field: string): number {
    if (!isUnits(units) || units > this.#most[index]!) throw refused(field, this.#most[index]!, units);
    return units;
  }

  #default(index: number): number {
    const units = this.#defaults[index];
    if (units !== undefined) return units;
    throw new InvalidError(`cost.${this.#names[index]}`, "must be given, since this limit has no default cost");
  }
}

function refused(field: string, most: number, units: unknown): InvalidError {
  return new InvalidError(field, `must be a whole number from 0 to ${most}, not ${shown(units)}`);
}
