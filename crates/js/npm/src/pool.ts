import { key as checkedKey, options as checkedOptions } from "./check.js";
import type { Cost } from "./cost.js";
import type { Allowed, Denied } from "./decision.js";
import { InvalidError } from "./errors.js";
import { Limiter } from "./limiter.js";
import { type AcquireOptions, type ReserveOptions, TTL_MS_DEFAULT, ttlOf } from "./options.js";
import { type PoolChoice, PoolOrder } from "./pool-order.js";
import { PoolReservation } from "./pool-reservation.js";
import { Waiters, type WaitersOptions } from "./waiters.js";
import { type WaitOptions, Waiting } from "./waiting.js";
import { withSlot } from "./with-slot.js";

/** The queue of all who wait for a pool. */
const LINE = "";

/** One of several interchangeable members, with any other properties of it. */
export interface PoolMember<N extends string> {
  readonly limiter: Limiter<N>;
  readonly key: string;
}

/** Options of a pool. */
export interface PoolOptions extends WaitersOptions {
  /** By default round-robin. */
  readonly choice?: PoolChoice;
  /** Where the round-robin begins: a worker's index, say, so that not all begin with the same member. */
  readonly offset?: number;
}

/** A member admitted it, and was charged. */
export type PoolAllowed<N extends string, M> = Allowed<N> & { readonly member: M };

/** All members denied it: the answer of the one that has room first. */
export type PoolDenied<N extends string> = Denied<N> & { readonly member?: undefined };

/** May it pass, and on which member? */
export type PoolDecision<N extends string, M> = PoolAllowed<N, M> | PoolDenied<N>;

/** 1 to 16 members that can stand in for each other. Waiting uses the first one's clock. */
export class Pool<N extends string, M extends PoolMember<N>> {
  /** The members, in their order. */
  readonly members: readonly M[];
  readonly #order: PoolOrder;
  readonly #waiting: Waiting;
  /** How many callers may have to wait; while there are any, the members report changes. */
  #callers = 0;
  #stopWatching: readonly (() => void)[] = [];

  /** @throws InvalidError that names the invalid member or option. */
  constructor(members: readonly M[], options?: PoolOptions) {
    checkedOptions(options, ["choice", "offset", "maxWaiting"]);
    this.members = checkedMembers(members);
    this.#order = new PoolOrder(this.members.length, options?.choice, options?.offset);
    this.#waiting = new Waiting(this.members[0]!.limiter.clock, new Waiters(options?.maxWaiting));
  }

  /**
   * Asks one member after the other, until one admits it.
   *
   * @throws InvalidError and FullError, as a limiter's `tryAcquire`.
   */
  tryAcquire(cost?: Cost<N>): PoolDecision<N, M> {
    return this.#first((member) => {
      const decision = member.limiter.tryAcquire(member.key, cost);
      return decision.allowed ? { ...decision, member } : decision;
    });
  }

  /**
   * The same, and waits until a member has room: callers of one pool pass in order of arrival. They do not queue
   * on the member itself.
   *
   * @throws TimeoutError, ImpossibleError, FullError, InvalidError, or the reason of `signal`.
   */
  async acquire(options?: AcquireOptions<N>): Promise<PoolAllowed<N, M>> {
    checkedOptions(options, ["cost", "timeoutMs", "signal"]);
    return this.#enter<PoolAllowed<N, M>>(options, (cost) => this.tryAcquire(cost));
  }

  /**
   * Holds costs on the first member that has room, instead of charging them.
   *
   * @throws InvalidError and FullError, as `tryAcquire`.
   */
  tryReserve(options?: ReserveOptions<N>): PoolReservation<N, M> | PoolDenied<N> {
    checkedOptions(options, ["cost", "ttlMs"]);
    return this.#first((member) => {
      const held = member.limiter.tryReserve(member.key, options);
      return held.allowed ? new PoolReservation(held, member) : held;
    });
  }

  /** The same, and waits until a member has room, as `acquire` does. */
  async reserve(options?: ReserveOptions<N> & WaitOptions): Promise<PoolReservation<N, M>> {
    checkedOptions(options, ["cost", "ttlMs", "timeoutMs", "signal"]);
    const ttlMs = ttlOf(options);
    return this.#enter<PoolReservation<N, M>>(options, (cost) => this.tryReserve({ cost, ttlMs }));
  }

  /**
   * Holds costs, usually a slot, on a member while `work` runs, and settles them when it has
   * ended, however it does. The hold is renewed until then.
   */
  async withSlot<T>(
    work: (held: PoolReservation<N, M>) => T | Promise<T>,
    options?: ReserveOptions<N> & WaitOptions,
  ): Promise<T> {
    const { clock } = this.members[0]!.limiter;
    return withSlot(clock, options?.ttlMs ?? TTL_MS_DEFAULT, () => this.reserve(options), work);
  }

  /** The answer of the first member that admits it, else of the one that has room first. */
  #first<A extends { readonly allowed: true }>(ask: (member: M) => A | Denied<N>): A | PoolDenied<N> {
    let denied: Denied<N> | undefined;
    for (const position of this.#order.next(() => this.members.map(room))) {
      const answer = ask(this.members[position]!);
      if (answer.allowed) return answer;
      denied = soonest(denied, answer);
    }
    return denied!;
  }

  async #enter<A extends { readonly allowed: true }>(
    options: AcquireOptions<N> | undefined,
    ask: (cost: Cost<N> | undefined) => A | Denied<N>,
  ): Promise<A> {
    const [cost] = this.members.map(({ limiter }) => limiter.checkedCost(options?.cost));
    if (this.#callers === 0) this.#watch();
    this.#callers += 1;
    try {
      return await this.#waiting.enter(LINE, options ?? {}, () => ask(cost));
    } finally {
      this.#callers -= 1;
      if (this.#callers === 0) for (const stop of this.#stopWatching) stop();
    }
  }

  /** Changes by others may make room on a member. */
  #watch(): void {
    const wake = () => this.#waiting.wake(LINE);
    this.#stopWatching = this.members.map(({ limiter, key }) => limiter.watch(key, wake));
  }
}

function checkedMembers<M>(members: readonly M[]): readonly M[] {
  if (!Array.isArray(members)) throw new InvalidError("members", "must be a list");
  for (const [index, member] of members.entries()) {
    const { limiter, key } = (member ?? {}) as Partial<PoolMember<string>>;
    if (!(limiter instanceof Limiter)) throw new InvalidError(`members[${index}].limiter`, "must be a Limiter");
    checkedKey(`members[${index}].key`, key);
  }
  return [...members];
}

/** What remains of the member's scarcest limit. */
function room<N extends string>({ limiter, key }: PoolMember<N>): number {
  const limits = limiter.peek(key);
  return Math.min(...limiter.policy.limits.map((name) => limits[name].remaining));
}

/** A retry waits for the member that has room first; for one that never has only if none ever does. */
function soonest<N extends string>(a: Denied<N> | undefined, b: Denied<N>): Denied<N> {
  return a === undefined || a.reason === "impossible" || (b.retryAfterMs ?? Infinity) < (a.retryAfterMs ?? Infinity) ? b : a;
}
