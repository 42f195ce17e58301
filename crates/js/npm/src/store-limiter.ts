import { type Shape, decisionOf, effectOf, millisOf, shapeOf } from "./answer.js";
import { AsyncReservation } from "./async-reservation.js";
import { TIME_MS_MAX, key as checkedKey, options as checkedOptions, wholeNumber } from "./check.js";
import { type Clock, systemClock } from "./clock.js";
import { type Cost, Costs } from "./cost.js";
import type { Allowed, Decision, Denied, Limits } from "./decision.js";
import { type Driver, drive } from "./drive.js";
import { TollgateError } from "./errors.js";
import { randomId } from "./id.js";
import { type AcquireOptions, type ReserveOptions, TTL_MS_DEFAULT, nanos } from "./options.js";
import { Policy, type PolicySpec, named } from "./policy.js";
import type { Settled } from "./reservation.js";
import type { Store } from "./store.js";
import { Turns } from "./turns.js";
import type { WaitOptions } from "./waiting.js";
import * as wasm from "./wasm/tollgate.js";

/** How long one call of a store may take unless it is told otherwise. */
const CALL_MS_DEFAULT = 1_000;

/** What a limiter over a store may be told. */
export interface StoreLimiterOptions {
  /** Where it reads the time: the clock of this machine. */
  readonly clock?: Clock;
  /** How long one call of the store may take (1,000 ms), at most a minute. */
  readonly callMsMax?: number;
  /** What every key of the store begins with. */
  readonly prefix?: string;
}

/** How a machine ended (`crates/js/src/machine.rs`). */
const [ALLOWED, DENIED, BUSY, , LOST] = [0, 1, 2, 3, 4];

/** A limiter whose records are in a store that it shares with others. */
export class StoreLimiter<N extends string = "requests"> {
  readonly policy: Policy<N>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #callMsMax: number;
  readonly #prefix: string;
  readonly #costs: Costs<N>;
  readonly #turns: Turns;
  readonly #shape: Shape<N>;

  /** @throws InvalidError that names what is wrong with the policy or an option. */
  constructor(policy: Policy<N> | PolicySpec<N>, store: Store, options?: StoreLimiterOptions) {
    checkedOptions(options, ["clock", "callMsMax", "prefix"]);
    const { clock = systemClock, callMsMax = CALL_MS_DEFAULT, prefix = "" } = options ?? {};
    this.policy = Policy.of(policy);
    this.#store = store;
    this.#clock = clock;
    this.#callMsMax = wholeNumber("callMsMax", callMsMax, 1, 60_000);
    this.#prefix = prefix === "" ? "" : checkedKey("prefix", prefix);
    this.#costs = new Costs(this.policy);
    this.#turns = new Turns(clock);
    this.#shape = shapeOf(this.policy.limits);
  }

  /**
   * Asks for costs, and charges all of them or nothing.
   *
   * @throws InvalidError, and TollgateError: `store` when the store failed, `busy` when others were
   * faster ten times in a row, `corrupt-record`. Nothing was let in then.
   */
  async tryAcquire(key: string, cost?: Cost<N>): Promise<Decision<N>> {
    return this.#ask(key, this.#costs.list(cost), randomId(), 0n);
  }

  /** The same, and waits for its turn: callers in this process pass in the order in which they came. */
  async acquire(key: string, options?: AcquireOptions<N>): Promise<Allowed<N>> {
    checkedOptions(options, ["cost", "timeoutMs", "signal"]);
    return this.#turns.enter(key, options ?? {}, () => this.tryAcquire(key, options?.cost));
  }

  /** Holds costs instead of charging them: an estimate, that is settled for what it came to. */
  async tryReserve(key: string, options?: ReserveOptions<N>): Promise<AsyncReservation<N> | Denied<N>> {
    checkedOptions(options, ["cost", "ttlMs"]);
    return this.#reserve(key, options ?? {});
  }

  /** The same, and waits for its turn, as `acquire` does. */
  async reserve(key: string, options?: ReserveOptions<N> & WaitOptions): Promise<AsyncReservation<N>> {
    checkedOptions(options, ["cost", "ttlMs", "timeoutMs", "signal"]);
    return this.#turns.enter(key, options ?? {}, () => this.#reserve(key, options ?? {}));
  }

  /** Where each limit of a key stands. Nothing is charged or written. */
  async peek(key: string): Promise<Limits<N>> {
    return (await this.#ask(key, this.#costs.none(), randomId(), 0n)).limits;
  }

  async #reserve(key: string, options: ReserveOptions<N>): Promise<AsyncReservation<N> | Denied<N>> {
    const ttl = nanos(wholeNumber("ttlMs", options.ttlMs ?? TTL_MS_DEFAULT, 1, TIME_MS_MAX));
    const id = randomId();
    const decision = await this.#ask(key, this.#costs.list(options.cost), id, ttl);
    if (!decision.allowed) return decision;
    return new AsyncReservation(decision, {
      settle: (cost) => this.#settle(key, id, cost),
      release: () => this.#end(key, "released", (legs) => wasm.Machine.release(legs, id)),
      renew: async (ttlMs) => {
        const life = nanos(wholeNumber("ttlMs", ttlMs, 1, TIME_MS_MAX));
        return this.#end(key, "renewed", (legs) => wasm.Machine.renew(legs, id, life));
      },
    });
  }

  async #ask(key: string, costs: Float64Array, id: Uint8Array, ttl: bigint): Promise<Decision<N>> {
    const [ending, decision] = await this.#run(key, costs, (legs) => wasm.Machine.acquire(legs, id, 1_000, ttl, true));
    if (decision !== undefined && (ending === ALLOWED || ending === DENIED)) return decision;
    throw ended(ending);
  }

  async #settle(key: string, id: Uint8Array, cost: Cost<N> | undefined): Promise<Settled<N>> {
    const costs = cost === undefined ? undefined : this.#costs.list(cost);
    const [ending, decision, effect] = await this.#run(key, costs, (legs) => wasm.Machine.settle(legs, id));
    if (decision === undefined || (ending !== ALLOWED && ending !== DENIED)) throw ended(ending);
    if (effect === "no-hold") return { settled: false, reason: "gone" };
    const { limits } = decision;
    return decision.allowed ? { settled: true, limits } : { settled: false, reason: decision.reason, limits };
  }

  async #end(key: string, wanted: string, make: (legs: wasm.Legs) => wasm.Machine): Promise<boolean> {
    const [ending, , effect] = await this.#run(key, undefined, make);
    if (ending !== ALLOWED) throw ended(ending);
    return effect === wanted;
  }

  async #run(
    key: string,
    costs: Float64Array | undefined,
    make: (legs: wasm.Legs) => wasm.Machine,
  ): Promise<readonly [ending: number, decision?: Decision<N>, effect?: string]> {
    const name = this.#prefix + checkedKey("key", key);
    const legs = new wasm.Legs();
    const machine = named("key", () => {
      legs.add(this.policy.core, name, costs);
      return make(legs);
    });
    try {
      const failure = await drive(this.#driver(), machine, [name]);
      const [ending, code, numbers] = [machine.ending()!, machine.code(0), machine.numbers(0)];
      if (ending !== ALLOWED && ending !== DENIED && failure !== undefined) throw failed(failure);
      if (code === undefined || numbers === undefined) return [ending];
      return [ending, decisionOf(this.#shape, code, millisOf(numbers), 0), effectOf(code)];
    } finally {
      machine.free();
    }
  }

  #driver(): Driver {
    const core = this.policy.core;
    return {
      store: this.#store,
      clock: this.#clock,
      callMsMax: this.#callMsMax,
      ttlMs: (_, record, now) => {
        const wait = core.forget_after(record, nanos(Math.floor(now)));
        return wait > nanos(Number.MAX_SAFE_INTEGER) ? null : Math.ceil(Number(wait) / 1e6) + 1;
      },
    };
  }
}

/** Why there is no decision. */
function ended(ending: number): TollgateError {
  if (ending === BUSY) return new TollgateError("busy", "others were faster ten times in a row on this key");
  if (ending === LOST) return new TollgateError("lease-gone", "the hold expired before it was whole");
  return failed(undefined);
}

function failed(cause: unknown): TollgateError {
  return new TollgateError("store", "the store failed, or took too long", { cause });
}
