import { type AskedLeg, run } from "./acquisition.js";
import { type AllDecision, inLeg, legsOf, together } from "./all.js";
import { AsyncReservation } from "./async-reservation.js";
import type { Capacity, CapacityEvent } from "./capacity.js";
import { type WatchOptions, watchCapacity } from "./capacity-watch.js";
import { callable, key as checkedKey, options as checkedOptions, wholeNumber } from "./check.js";
import { type Clock, clockOf } from "./clock.js";
import { type Cost, Costs } from "./cost.js";
import type { Allowed, Decision, Denied, Limits } from "./decision.js";
import { leaseGone } from "./errors.js";
import { idBytes, randomId } from "./id.js";
import { type Control, controlOf, position } from "./operation.js";
import { type AcquireOptions, type RequestOptions, type ReserveOptions, TTL_MS_DEFAULT, checkedTtl, nanos, ttlOf } from "./options.js";
import { Policy, type PolicySpec } from "./policy.js";
import type { Settled } from "./reservation.js";
import { type Store, storeOf } from "./store.js";
import { type Done, StoreRecords } from "./store-records.js";
import { Turns } from "./turns.js";
import { Waiters, type WaitersOptions } from "./waiters.js";
import type { WaitOptions } from "./waiting.js";
import { type Legs, Machine } from "./wasm/stores.js";
import { Operation } from "./wasm/tollgate.js";
import { withSlot } from "./with-slot.js";

/** How long one call of a store may take by default. */
const CALL_MS_DEFAULT = 1_000;

/** Options of a limiter over a store. */
export interface StoreLimiterOptions extends WaitersOptions {
  /** The clock to use; by default this machine's. */
  readonly clock?: Clock;
  /** How long one call of the store may take (1,000 ms), at most a minute. */
  readonly callMsMax?: number;
  /**
   * The prefix of every key in the store, such as `"api:"`. Each policy needs one of its own where a store has more than
   * one: two policies under one key would take each other's records for their own.
   */
  readonly prefix?: string;
}

/** A key of one of several limiters over stores. */
export interface StoreLeg<N extends string> {
  readonly limiter: StoreLimiter<N>;
  readonly key: string;
  readonly cost?: Cost<NoInfer<N>> | undefined;
}

/** A limiter whose records are in a store that it shares with others. */
export class StoreLimiter<N extends string = "requests"> {
  readonly policy: Policy<N>;
  readonly #clock: Clock;
  readonly #costs: Costs<N>;
  readonly #records: StoreRecords<N>;
  readonly #turns: Turns;

  /** @throws InvalidError that names what is wrong with the policy, the store or an option. */
  constructor(policy: string, store: Store, options?: StoreLimiterOptions);
  constructor(policy: Policy<N> | PolicySpec<N>, store: Store, options?: StoreLimiterOptions);
  constructor(policy: Policy<N> | PolicySpec<N>, store: Store, options?: StoreLimiterOptions) {
    checkedOptions(options, ["clock", "callMsMax", "prefix", "maxWaiting"]);
    const { callMsMax = CALL_MS_DEFAULT, prefix = "" } = options ?? {};
    this.policy = Policy.of(policy);
    this.#clock = clockOf(options?.clock);
    const call = { store: storeOf(store), clock: this.#clock, callMsMax: wholeNumber("callMsMax", callMsMax, 1, 60_000) };
    this.#records = new StoreRecords(this.policy, call, prefix === "" ? "" : checkedKey("prefix", prefix));
    this.#costs = new Costs(this.policy);
    this.#turns = new Turns(this.#clock, new Waiters(options?.maxWaiting));
  }

  /**
   * Asks several keys, of one limiter or of several, for their costs: all of them are charged, or none.
   * At most 8, each of them once. The first limiter's clock counts.
   *
   * @throws as `tryAcquire`.
   */
  static async tryAcquireAll<T extends readonly string[] | []>(
    legs: { readonly [I in keyof T]: StoreLeg<T[I]> },
    options?: RequestOptions,
  ): Promise<AllDecision> {
    checkedOptions(options, ["requestId"]);
    const asked = legsOf<StoreLeg<string>>(legs, StoreLimiter).map((leg, index) => inLeg(index, () => StoreLimiter.#asked(leg)));
    const id = requestId(options);
    const ran = await run(asked, (inMachine) => Machine.acquire(inMachine, id, 0n));
    return together(ran.legs.map((done) => done?.decision));
  }

  /**
   * Asks for costs, and charges all of them or nothing.
   *
   * @throws InvalidError, and TollgateError: `store` when the store failed, `busy` when others were
   * faster ten times in a row, `corrupt-record`. Nothing was admitted then.
   */
  async tryAcquire(key: string, cost?: Cost<N>, options?: RequestOptions): Promise<Decision<N>> {
    checkedOptions(options, ["requestId"]);
    return this.#ask(key, this.#costs.list(cost), requestId(options), 0n);
  }

  /** The same, and waits for its turn: callers in this process pass in order of arrival. */
  async acquire(key: string, options?: AcquireOptions<N> & RequestOptions): Promise<Allowed<N>> {
    checkedOptions(options, ["cost", "requestId", "timeoutMs", "signal"]);
    const [costs, id] = [this.#costs.list(options?.cost), requestId(options)];
    return this.#turns.enter(key, options ?? {}, () => this.#ask(key, costs, id, 0n));
  }

  /** Holds costs instead of charging them: an estimate, settled later at the actual cost. */
  async tryReserve(key: string, options?: ReserveOptions<N> & RequestOptions): Promise<AsyncReservation<N> | Denied<N>> {
    checkedOptions(options, ["cost", "ttlMs", "requestId"]);
    return this.#reserve(key, this.#costs.list(options?.cost), ttlOf(options), requestId(options));
  }

  /** The same, and waits for its turn, as `acquire` does. */
  async reserve(key: string, options?: ReserveOptions<N> & RequestOptions & WaitOptions): Promise<AsyncReservation<N>> {
    checkedOptions(options, ["cost", "ttlMs", "requestId", "timeoutMs", "signal"]);
    const [costs, ttlMs, id] = [this.#costs.list(options?.cost), ttlOf(options), requestId(options)];
    return this.#turns.enter(key, options ?? {}, () => this.#reserve(key, costs, ttlMs, id));
  }

  /**
   * Holds costs, usually a slot, while `work` runs, and settles them when it ends, however
   * it does. The hold is renewed until then.
   */
  async withSlot<T>(
    key: string,
    work: (held: AsyncReservation<N>) => T | Promise<T>,
    options?: ReserveOptions<N> & RequestOptions & WaitOptions,
  ): Promise<T> {
    return withSlot(this.#clock, options?.ttlMs ?? TTL_MS_DEFAULT, () => this.reserve(key, options), work);
  }

  /** Where each limit of a key stands. Nothing is charged or written. */
  async peek(key: string): Promise<Limits<N>> {
    return (await this.#ask(key, this.#costs.none(), randomId(), 0n)).limits;
  }

  /**
   * Forgets everything about a key: charges, holds, blocks.
   *
   * @throws TollgateError: `store` when the store failed, maybe after it wrote; `busy`, `corrupt-record`.
   */
  async reset(key: string): Promise<void> {
    await this.#records.apply(key, () => Operation.reset());
  }

  /**
   * Operator actions: charges whether there is room or not, blocks, lowers what is
   * left, sets or reduces a capacity. Returns where each limit then stands.
   *
   * @throws as `reset`, and InvalidError.
   */
  async control(key: string, operation: Control<N>): Promise<Limits<N>> {
    const make = () => controlOf(this.policy, operation);
    // An invalid action is rejected before the store is asked.
    make().free();
    return (await this.#records.apply(key, make)).decision.limits;
  }

  /** The capacity in force for a key's adaptive limit; `undefined` for any other limit. */
  async capacity(key: string, limit: N): Promise<Capacity | undefined> {
    const peek = () => Operation.acquire(this.policy.core, this.#costs.none(), 1_000, undefined, 0n, undefined);
    return this.#records.capacity(key, position(this.policy, "limit", limit), peek);
  }

  /**
   * Calls `listener` when a capacity was changed, in this process or in another: the store is polled
   * every `everyMs`. The returned function unsubscribes. A failed poll is repeated.
   */
  onCapacityChange(key: string, limit: N, listener: (event: CapacityEvent<N>) => void, options?: WatchOptions): () => void {
    checkedKey("key", key);
    position(this.policy, "limit", limit);
    callable("listener", listener);
    const look = () => this.capacity(key, limit);
    return watchCapacity(this.#clock, look, (capacity) => listener({ key, limit, ...capacity }), options);
  }

  static #asked({ limiter, key, cost }: StoreLeg<string>): AskedLeg<string> {
    return { records: limiter.#records, key: checkedKey("key", key), costs: limiter.#costs.list(cost) };
  }

  async #reserve(
    key: string,
    costs: Float64Array,
    ttlMs: number,
    id: Uint8Array,
  ): Promise<AsyncReservation<N> | Denied<N>> {
    const { effect, decision } = await this.#run(key, costs, (legs) => Machine.acquire(legs, id, nanos(ttlMs)));
    if (!decision.allowed) return decision;
    const held = new AsyncReservation(decision, {
      settle: (cost) => this.#settle(key, id, cost),
      release: async () => (await this.#end(key, (legs) => Machine.release(legs, id))) === "released",
      renew: async (ttlMs) => {
        const life = nanos(checkedTtl(ttlMs));
        return (await this.#end(key, (legs) => Machine.renew(legs, id, life))) === "renewed";
      },
    });
    // What was held before expires by the time to live of then.
    if (effect === "repeated" && !(await held.renew(ttlMs))) throw leaseGone();
    return held;
  }

  async #ask(key: string, costs: Float64Array, id: Uint8Array, ttl: bigint): Promise<Decision<N>> {
    return (await this.#run(key, costs, (legs) => Machine.acquire(legs, id, ttl))).decision;
  }

  async #settle(key: string, id: Uint8Array, cost: Cost<N> | undefined): Promise<Settled<N>> {
    const costs = cost === undefined ? undefined : this.#costs.list(cost);
    const { effect, decision } = await this.#run(key, costs, (legs) => Machine.settle(legs, id));
    if (effect === "no-hold") return { settled: false, reason: "gone" };
    const { limits } = decision;
    return decision.allowed ? { settled: true, limits } : { settled: false, reason: decision.reason, limits };
  }

  async #end(key: string, make: (legs: Legs) => Machine): Promise<string> {
    return (await this.#run(key, undefined, make)).effect;
  }

  async #run(key: string, costs: Float64Array | undefined, make: (legs: Legs) => Machine): Promise<Done<N>> {
    const { legs } = await run([{ records: this.#records, key, costs }], make);
    return legs[0]!;
  }
}

/** The id under which a request is charged once. */
function requestId(options: RequestOptions | undefined): Uint8Array {
  return options?.requestId === undefined ? randomId() : idBytes("requestId", options.requestId);
}
