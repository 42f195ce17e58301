import { UNITS_MAX, key as checkedKey, options as checkedOptions, oneOf, wholeNumber } from "./check.js";
import type { Cost } from "./cost.js";
import type { Allowed, Denied } from "./decision.js";
import { InvalidError } from "./errors.js";
import { Limiter } from "./limiter.js";
import { named } from "./named.js";
import { order_most_room, order_random, order_round_robin } from "./wasm/tollgate.js";

/** One of several that can stand in for each other, and whatever else is to be known of it. */
export interface PoolMember<N extends string> {
  readonly limiter: Limiter<N>;
  readonly key: string;
}

/** Who is asked first, and who is next when that one is full. */
export type PoolChoice = "round-robin" | "random" | "most-room";

/** What a pool may be told. */
export interface PoolOptions {
  /** One after the other, unless it says otherwise. */
  readonly choice?: PoolChoice;
  /** Where the round begins: the index of a worker, so that not all begin with the same member. */
  readonly offset?: number;
}

/** Who let it pass, or why nobody did: what the member says that has room first. */
export type Granted<N extends string, M> =
  | (Allowed<N> & { readonly member: M })
  | (Denied<N> & { readonly member?: undefined });

/** Members that can stand in for each other: 1 to 16. */
export class Pool<N extends string, M extends PoolMember<N>> {
  /** The members, in their order. */
  readonly members: readonly M[];
  readonly #choice: PoolChoice;
  readonly #offset: number;
  #turn = 0;

  /** @throws InvalidError that names the member or the option that is not what it should be. */
  constructor(members: readonly M[], options?: PoolOptions) {
    checkedOptions(options, ["choice", "offset"]);
    if (!Array.isArray(members)) throw new InvalidError("members", "must be a list");
    named("members", () => order_round_robin(members.length, 0, 0));
    for (const [index, member] of members.entries()) checkedMember(`members[${index}]`, member);
    this.members = [...members];
    this.#choice = oneOf("choice", options?.choice ?? "round-robin", ["round-robin", "random", "most-room"]);
    this.#offset = wholeNumber("offset", options?.offset ?? 0);
  }

  /** Asks one member after the other, until one lets it pass. */
  tryAcquire(cost?: Cost<N>): Granted<N, M> {
    let denied: Denied<N> | undefined;
    for (const position of this.#order()) {
      const member = this.members[position]!;
      const decision = member.limiter.tryAcquire(member.key, cost);
      if (decision.allowed) return { ...decision, member };
      denied = soonest(denied, decision);
    }
    return denied!;
  }

  #order(): Uint32Array {
    this.#turn = this.#turn >= UNITS_MAX ? 0 : this.#turn + 1;
    switch (this.#choice) {
      case "round-robin":
        return order_round_robin(this.members.length, this.#turn - 1, this.#offset);
      case "random":
        return order_random(this.members.length, crypto.getRandomValues(new BigUint64Array(1))[0]!);
      case "most-room":
        return order_most_room(Float64Array.from(this.members, room));
    }
  }
}

function checkedMember(at: string, member: Partial<PoolMember<string>> | null | undefined): void {
  if (!(member?.limiter instanceof Limiter)) throw new InvalidError(`${at}.limiter`, "must be a Limiter");
  checkedKey(`${at}.key`, member.key);
}

/** What a member has left of the limit that it has least of. */
function room<N extends string>({ limiter, key }: PoolMember<N>): number {
  const limits = limiter.peek(key);
  return Math.min(...limiter.policy.limits.map((name) => limits[name].remaining));
}

/** Whoever asks again goes by the member that has room first. */
function soonest<N extends string>(a: Denied<N> | undefined, b: Denied<N>): Denied<N> {
  return a === undefined || (b.retryAfterMs ?? Infinity) < (a.retryAfterMs ?? Infinity) ? b : a;
}
