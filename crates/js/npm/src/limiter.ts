import { type Effect, effectOf } from "./answer.js";
import { type Capacity, type CapacityEvent, capacityOf } from "./capacity.js";
import { type AllDecision, inLeg, legsOf, together } from "./all.js";
import { callable, key as checkedKey, options as checkedOptions, wholeNumber } from "./check.js";
import { type Clock, clockOf, timeOf } from "./clock.js";
import { type Cost, Costs } from "./cost.js";
import type { Allowed, Decision, Denied, Limits } from "./decision.js";
import { dispose } from "./dispose.js";
import { DisposedError, InvalidError } from "./errors.js";
import { hrTimeOfMillis, nanosOf } from "./hr-time.js";
import { type Control, controlOf, position } from "./operation.js";
import { type AcquireOptions, type ReserveOptions, TTL_MS_DEFAULT, checkedTtl, nanos, ttlOf } from "./options.js";
import { Policy, type PolicySpec } from "./policy.js";
import { Records } from "./records.js";
import { type Holder, Reservation, type Settled } from "./reservation.js";
import { Waiters, type WaitersOptions } from "./waiters.js";
import { type WaitOptions, Waiting } from "./waiting.js";
import { Operation } from "./wasm/tollgate.js";
import { withSlot } from "./with-slot.js";

/** The default and the largest `maxKeys`. */
const KEYS_DEFAULT = 100_000;
const KEYS_MAX = 1_000_000;

/** Options of a limiter. */
export interface LimiterOptions extends WaitersOptions {
  /** The clock to use; by default this machine's. */
  readonly clock?: Clock;
  /** Most keys that it remembers (100,000), at most 1,000,000. */
  readonly maxKeys?: number;
}

/** A key of one of several limiters. */
export interface Leg<N extends string> {
  readonly limiter: Limiter<N>;
  readonly key: string;
  readonly cost?: Cost<NoInfer<N>> | undefined;
}

/** A limiter that remembers its keys in memory. */
export class Limiter<N extends string = "requests"> {
  readonly policy: Policy<N>;
  readonly #clock: Clock;
  readonly #costs: Costs<N>;
  readonly #records: Records<N>;
  readonly #waiting: Waiting;
  readonly #ids = new DataView(new ArrayBuffer(16));
  readonly #listeners = new Set<(event: CapacityEvent<N>) => void>();
  #nextId = 0;

  /** @throws InvalidError that names what is wrong with the policy or an option. */
  constructor(policy: string, options?: LimiterOptions);
  constructor(policy: Policy<N> | PolicySpec<N>, options?: LimiterOptions);
  constructor(policy: Policy<N> | PolicySpec<N>, options?: LimiterOptions) {
    checkedOptions(options, ["clock", "maxKeys", "maxWaiting"]);
    const { maxKeys = KEYS_DEFAULT, maxWaiting } = options ?? {};
    this.policy = Policy.of(policy);
    this.#clock = clockOf(options?.clock);
    this.#costs = new Costs(this.policy);
    this.#records = new Records(this.policy, wholeNumber("maxKeys", maxKeys, 1, KEYS_MAX));
    this.#waiting = new Waiting(this.#clock, new Waiters(maxWaiting));
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#records.size;
  }

  /** @internal What a pool waits by. */
  get clock(): Clock {
    return this.#clock;
  }

  /**
   * Asks several keys, of one limiter or of several, for their costs: all of them are charged, or none.
   * At most 8, each of them once.
   *
   * @throws InvalidError and FullError, as `tryAcquire`.
   */
  static tryAcquireAll<T extends readonly string[] | []>(legs: { readonly [I in keyof T]: Leg<T[I]> }): AllDecision {
    const asked = checkedLegs(legs);
    for (const [index, { limiter, cost }] of asked.entries()) inLeg(index, () => limiter.#costs.list(cost));
    const times = asked.map(({ limiter }) => timeOf(limiter.#clock));
    const keys = new Set(asked.map(({ key }) => key));
    // All keys get their slots before one is charged: none is taken from another of them, or refused later.
    for (const [index, { limiter, key }] of asked.entries()) limiter.#records.slot(key, times[index]!, keys);
    const each = (charge: boolean) => asked.map(({ limiter, key, cost }, index) => limiter.#ask(key, cost, times[index]!, charge));
    const denied = together(each(false));
    return denied.allowed ? together(each(true)) : denied;
  }

  /**
   * Asks for costs, and charges all of them or nothing. It does not queue.
   *
   * @throws InvalidError, and FullError when this key is new and no other can be forgotten.
   */
  tryAcquire(key: string, cost?: Cost<N>): Decision<N> {
    return this.#ask(key, cost, timeOf(this.#clock), true);
  }

  /**
   * The same, and waits for its turn: callers of one key pass in order of arrival.
   *
   * @throws TimeoutError, ImpossibleError, FullError, InvalidError, or the reason of `signal`.
   */
  async acquire(key: string, options?: AcquireOptions<N>): Promise<Allowed<N>> {
    checkedOptions(options, ["cost", "timeoutMs", "signal"]);
    const cost = this.checkedCost(options?.cost);
    return this.#waiting.enter(key, options ?? {}, () => this.tryAcquire(key, cost));
  }

  /**
   * Holds costs instead of charging them: an estimate, settled later at the actual cost.
   *
   * @throws InvalidError and FullError, as `tryAcquire`.
   */
  tryReserve(key: string, options?: ReserveOptions<N>): Reservation<N> | Denied<N> {
    checkedOptions(options, ["cost", "ttlMs"]);
    return this.#reserve(key, options?.cost, ttlOf(options));
  }

  /** The same, and waits for its turn, as `acquire` does. */
  async reserve(key: string, options?: ReserveOptions<N> & WaitOptions): Promise<Reservation<N>> {
    checkedOptions(options, ["cost", "ttlMs", "timeoutMs", "signal"]);
    const [cost, ttlMs] = [this.checkedCost(options?.cost), ttlOf(options)];
    return this.#waiting.enter(key, options ?? {}, () => this.#reserve(key, cost, ttlMs));
  }

  /**
   * Holds costs, usually a slot, while `work` runs, and settles them when it ends, however
   * it does. The hold is renewed until then.
   */
  async withSlot<T>(
    key: string,
    work: (held: Reservation<N>) => T | Promise<T>,
    options?: ReserveOptions<N> & WaitOptions,
  ): Promise<T> {
    return withSlot(this.#clock, options?.ttlMs ?? TTL_MS_DEFAULT, () => this.reserve(key, options), work);
  }

  /** Where each limit of a key stands. Nothing is charged or remembered. */
  peek(key: string): Limits<N> {
    const records = this.#records;
    const slot = records.look(key);
    records.costs.fill(0, 0, this.policy.limits.length);
    return records.decision(records.table.acquire(slot, timeOf(this.#clock))).limits;
  }

  /** Forgets everything about a key: charges, holds, blocks. */
  reset(key: string): void {
    this.#change(key, Operation.reset(), this.#records.find(checkedKey("key", key)));
  }

  /**
   * Operator actions: charges whether there is room or not, blocks, lowers what is
   * left, sets or reduces a capacity. Returns where each limit then stands.
   */
  control(key: string, operation: Control<N>): Limits<N> {
    const asked = controlOf(this.policy, operation);
    const now = timeOf(this.#clock);
    const code = this.#change(key, asked, this.#records.slot(key, now))!;
    const { limits } = this.#records.decision(code);
    const limit = "setCapacity" in operation ? operation.setCapacity.limit : "reduce" in operation && operation.reduce.limit;
    if (limit !== false && effectOf(code) === "changed") this.#tell(key, limit);
    return limits;
  }

  /** The capacity in force for a key's adaptive limit; `undefined` for any other limit. */
  capacity(key: string, limit: N): Capacity | undefined {
    const index = position(this.policy, "limit", limit);
    const peek = Operation.acquire(this.policy.core, this.#costs.none(), 1_000, undefined, 0n, undefined);
    const now = nanosOf("now", hrTimeOfMillis(timeOf(this.#clock)));
    const decided = this.policy.core.apply(this.#records.table.record(this.#records.look(key)), peek, now);
    const capacity = capacityOf(decided, index);
    decided.free();
    return capacity;
  }

  /**
   * Calls `listener` whenever `control` changes a capacity; the returned function unsubscribes. Recovery is no
   * event: it is continuous. What a listener throws, `control` rethrows once all of them were called.
   */
  onCapacityChange(listener: (event: CapacityEvent<N>) => void): () => void {
    this.#listeners.add(callable("listener", listener));
    return () => void this.#listeners.delete(listener);
  }

  /** @internal Calls `wake` when a key was changed; the returned function unsubscribes. */
  watch(key: string, wake: () => void): () => void {
    return this.#waiting.watch(key, wake);
  }

  /** @internal A cost that is checked before anybody waits, and does not change while they do. @throws InvalidError */
  checkedCost(cost: Cost<N> | undefined): Cost<N> | undefined {
    this.#costs.write(this.#records.costs, cost);
    return typeof cost === "object" ? { ...cost } : cost;
  }

  /** Frees its memory. Waiting callers get an error. */
  [dispose](): void {
    this.#records.dispose();
    this.#waiting.close(new DisposedError());
  }

  /** Asks for costs, and charges them if asked to. */
  #ask(key: string, cost: Cost<N> | undefined, now: number, charge: boolean): Decision<N> {
    const records = this.#records;
    this.#costs.write(records.costs, cost);
    const slot = records.slot(key, now);
    return records.decision(charge ? records.table.acquire(slot, now) : records.table.would_acquire(slot, now));
  }

  #reserve(key: string, cost: Cost<N> | undefined, ttlMs: number): Reservation<N> | Denied<N> {
    const id = this.#newId();
    const operation = Operation.acquire(this.policy.core, this.#costs.list(cost), 1_000, id, nanos(ttlMs), undefined);
    const now = timeOf(this.#clock);
    const slot = this.#records.slot(key, now);
    const decision = this.#records.decision(this.#records.table.apply(slot, operation, now));
    return decision.allowed ? new Reservation(decision, this.#holder(key, id)) : decision;
  }

  #holder(key: string, id: Uint8Array): Holder<N> {
    return {
      settle: (cost) => {
        const costs = cost === undefined ? undefined : this.#costs.list(cost);
        return this.#settle(key, Operation.settle(this.policy.core, id, costs));
      },
      release: () => this.#end(key, Operation.release(id)) === "released",
      renew: (ttlMs) => this.#end(key, Operation.renew(id, nanos(checkedTtl(ttlMs)))) === "renewed",
    };
  }

  #tell(key: string, limit: N): void {
    const capacity = this.capacity(key, limit);
    if (capacity === undefined) return;
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener({ key, limit, ...capacity });
      } catch (error) {
        failures.push(error);
      }
    }
    // All listeners are called before an error of one is thrown.
    if (failures.length > 0) throw failures[0];
  }

  #settle(key: string, operation: Operation): Settled<N> {
    const code = this.#change(key, operation, this.#records.find(key));
    if (code === undefined || effectOf(code) === "no-hold") return { settled: false, reason: "gone" };
    const decision = this.#records.decision(code);
    const { limits } = decision;
    return decision.allowed ? { settled: true, limits } : { settled: false, reason: decision.reason, limits };
  }

  /** Applies an operation to a hold. A key that is not remembered has none. */
  #end(key: string, operation: Operation): Effect | undefined {
    const code = this.#change(key, operation, this.#records.find(key));
    return code === undefined ? undefined : effectOf(code);
  }

  /** Applies an operation that may make room on a key. */
  #change(key: string, operation: Operation, slot: number | undefined): number | undefined {
    const { table } = this.#records;
    if (slot === undefined) {
      operation.free();
      return undefined;
    }
    const code = table.apply(slot, operation, timeOf(this.#clock));
    // Admitting a waiter decides again and overwrites the answer, so read it first.
    queueMicrotask(() => this.#waiting.wake(key));
    return code;
  }

  /** An id unique among this limiter's holds. Nobody else sees it. */
  #newId(): Uint8Array {
    this.#ids.setFloat64(8, (this.#nextId += 1));
    return new Uint8Array(this.#ids.buffer.slice(0));
  }
}

/** Keys that are asked together: few, and each of them once. */
function checkedLegs(legs: unknown): readonly Leg<string>[] {
  const asked = legsOf<Leg<string>>(legs, Limiter);
  for (const [index, leg] of asked.entries()) {
    inLeg(index, () => checkedKey("key", leg.key));
    const first = asked.findIndex(({ limiter, key }) => limiter === leg.limiter && key === leg.key);
    if (first < index) throw new InvalidError(`legs[${index}]`, `is legs[${first}] again`);
  }
  return asked;
}
