/** The verdict of one limit, or of all together. */
export type Verdict = "allowed" | "limited" | "impossible";

/** Where one limit stands after a decision. */
export interface LimitStatus {
  /** The verdict of this limit alone. */
  readonly verdict: Verdict;
  /** The most units that can be asked for at once. */
  readonly limit: number;
  /** The units that could be asked for now. */
  readonly remaining: number;
  /** The units that are held. */
  readonly held: number;
  /** How long until the cost passes this limit: 0 when it does, `null` when it never will. */
  readonly retryAfterMs: number | null;
  /** How long until the limit is as if never used; `null` for a budget that does not refill. */
  readonly resetAfterMs: number | null;
  /** How long an admitted request has to wait for its turn: 0 except for a leaky queue. */
  readonly delayMs: number;
}

/** Where every limit of a policy stands, by name. */
export type Limits<N extends string> = { readonly [name in N]: LimitStatus };

/** Admitted, and charged. */
export interface Allowed<N extends string = string> {
  readonly allowed: true;
  /** How long it has to wait for its turn: 0 except for a leaky queue. */
  readonly delayMs: number;
  readonly limits: Limits<N>;
}

/** Not now. Nothing was charged. */
export interface Limited<N extends string = string> {
  readonly allowed: false;
  readonly reason: "limited";
  /** The shortest wait until the same request passes if nobody else asks, rounded up; `null` when waiting does not help. */
  readonly retryAfterMs: number | null;
  readonly limits: Limits<N>;
}

/** Never: a cost is above what its limit can ever hold, or asks for a slot without holding it. Nothing was charged. */
export interface Impossible<N extends string = string> {
  readonly allowed: false;
  readonly reason: "impossible";
  readonly retryAfterMs: null;
  readonly limits: Limits<N>;
}

/** It was not admitted. */
export type Denied<N extends string = string> = Limited<N> | Impossible<N>;

/** May it pass? */
export type Decision<N extends string = string> = Allowed<N> | Denied<N>;
