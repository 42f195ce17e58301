import { object } from "./check.js";
import { addLimit } from "./limit-builder.js";
import type { LimitSpec } from "./limit-spec.js";
import { limitOfText } from "./limit-text.js";
import { named } from "./named.js";
import * as wasm from "./wasm/tollgate.js";

/**
 * What a policy is made from: limits by name, each as an object or as a string (`"100/minute"`,
 * `"10/s burst 20"`); or such a string alone, which is a limit named `requests`.
 */
export type PolicySpec<N extends string> = string | { readonly [name in N]: string | LimitSpec };

/** Limits that are applied together to one key: all are charged, or none. */
export class Policy<N extends string = "requests"> {
  /** The names of its limits. */
  readonly limits: readonly N[];
  /** @internal */
  readonly core: wasm.Policy;
  readonly #adaptive: ReadonlySet<string>;

  /** @throws InvalidError that names the invalid field. */
  constructor(spec: string);
  constructor(spec: PolicySpec<N>);
  constructor(spec: PolicySpec<N>) {
    const limits = Object.entries(object("policy", typeof spec === "string" ? { requests: spec } : spec));
    this.core = opened(limits);
    this.#adaptive = new Set(limits.flatMap(([name, limit]) => ((limit as LimitSpec).algorithm === "adaptive" ? [name] : [])));
    this.limits = Array.from({ length: this.core.count() }, (_, index) => this.core.name(index) as N);
  }

  /** @internal */
  static of<N extends string>(policy: Policy<N> | PolicySpec<N>): Policy<N> {
    return policy instanceof Policy ? policy : new Policy(policy);
  }

  /** @internal Whether the capacity of this limit may be changed. */
  isAdaptive(limit: N): boolean {
    return this.#adaptive.has(limit);
  }
}

function opened(limits: readonly (readonly [name: string, limit: unknown])[]): wasm.Policy {
  const builder = new wasm.PolicyBuilder();
  for (const [name, limit] of limits) {
    named(name, () => addLimit(builder, name, typeof limit === "string" ? limitOfText(name, limit) : limit));
  }
  return named("policy", () => builder.build());
}
