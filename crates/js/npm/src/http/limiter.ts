import { key as checkedKey, options as checkedOptions, text } from "../check.js";
import { type Clock, clockOf } from "../clock.js";
import { HttpError, leaseGone } from "../errors.js";
import { TTL_MS_DEFAULT, ttlOf } from "../options.js";
import { Turns } from "../turns.js";
import { Waiters, type WaitersOptions } from "../waiters.js";
import type { WaitOptions } from "../waiting.js";
import { withSlot } from "../with-slot.js";
import { type Answer, isLeaseGone, refusedBy } from "./answer.js";
import { ASK_OPTIONS, type Ask, type AskOptions, askOf } from "./ask.js";
import { type HttpCost, checkedCost } from "./cost.js";
import { type HttpDecision, decisionOf } from "./decision.js";
import { HttpReservation } from "./reservation.js";

/** Longest id of a request in bytes, as the edge has it. */
const REQUEST_ID_BYTES_MAX = 128;

/** Options of a client of the edge. */
export interface HttpOptions extends AskOptions, WaitersOptions {
  /** Where it reads the time when it waits. */
  readonly clock?: Clock;
}

/** Makes a request count once, however often it is retried. */
export interface HttpRequestOptions {
  /** One id of 1 to 128 bytes per request: a retry under the same id is not charged again. */
  readonly requestId?: string | undefined;
}

/** Options of a call that waits. */
export interface HttpAcquireOptions extends HttpRequestOptions, WaitOptions {
  readonly cost?: HttpCost | undefined;
}

/** Options of a reservation. */
export interface HttpReserveOptions extends HttpRequestOptions {
  /** The cost to hold: an estimate. */
  readonly cost?: HttpCost | undefined;
  /** How long it is held at most (60,000 ms), up to 31 days. Then it is charged. */
  readonly ttlMs?: number | undefined;
}

/** A policy of an edge (`docs/api.md`), asked over HTTP. */
export class HttpLimiter {
  readonly #ask: Ask;
  readonly #policy: string;
  readonly #clock: Clock;
  readonly #turns: Turns;

  /** @internal */
  constructor(url: string, policy: string, options?: HttpOptions) {
    checkedOptions(options, [...ASK_OPTIONS, "clock", "maxWaiting"]);
    this.#ask = askOf(url, options ?? {});
    this.#policy = checkedKey("policy", policy);
    this.#clock = clockOf(options?.clock);
    this.#turns = new Turns(this.#clock, new Waiters(options?.maxWaiting));
  }

  /**
   * Asks for costs, and charges all of them or nothing.
   *
   * @throws InvalidError, here or from the edge, and HttpError when there is no decision.
   */
  async tryAcquire(key: string, cost?: HttpCost, options?: HttpRequestOptions): Promise<HttpDecision> {
    checkedOptions(options, ["requestId"]);
    return decisionOf(await this.#post("acquire", this.#asked(key, cost, options)));
  }

  /** The same, and waits for its turn: callers in this process pass in order of arrival. */
  async acquire(key: string, options?: HttpAcquireOptions): Promise<Extract<HttpDecision, { allowed: true }>> {
    checkedOptions(options, ["cost", "requestId", "timeoutMs", "signal"]);
    const asked = this.#asked(key, options?.cost, options);
    return this.#turns.enter(key, options ?? {}, async () => decisionOf(await this.#post("acquire", asked)));
  }

  /** Holds costs instead of charging them, until they are settled or released. */
  async tryReserve(key: string, options?: HttpReserveOptions): Promise<HttpReservation | Extract<HttpDecision, { allowed: false }>> {
    checkedOptions(options, ["cost", "ttlMs", "requestId"]);
    return this.#reserve(this.#held(key, options));
  }

  /** The same, and waits for its turn, as `acquire` does. */
  async reserve(key: string, options?: HttpReserveOptions & WaitOptions): Promise<HttpReservation> {
    checkedOptions(options, ["cost", "ttlMs", "requestId", "timeoutMs", "signal"]);
    const asked = this.#held(key, options);
    return this.#turns.enter(key, options ?? {}, () => this.#reserve(asked));
  }

  /**
   * Holds costs, usually a slot, while `work` runs, and settles them when it ends, however
   * it does. The hold is renewed until then.
   */
  async withSlot<T>(
    key: string,
    work: (held: HttpReservation) => T | Promise<T>,
    options?: HttpReserveOptions & WaitOptions,
  ): Promise<T> {
    return withSlot(this.#clock, options?.ttlMs ?? TTL_MS_DEFAULT, () => this.reserve(key, options), work);
  }

  /** Where each limit of a key stands. Nothing is charged. */
  async peek(key: string): Promise<HttpDecision["limits"]> {
    const segments = [this.#policy, checkedKey("key", key)].map(encodeURIComponent);
    const answer = await this.#ask(`/v1/limits/${segments.join("/")}`);
    if (answer.status !== 200) throw refusedBy(answer);
    return decisionOf(answer).limits;
  }

  async #reserve(asked: { readonly hold_ms: number }): Promise<HttpReservation | Extract<HttpDecision, { allowed: false }>> {
    const answer = await this.#post("acquire", asked);
    if (isLeaseGone(answer)) throw leaseGone();
    const decision = decisionOf(answer);
    if (!decision.allowed) return decision;
    const lease = answer.headers.get("tollgate-lease");
    if (lease === null) throw new HttpError(answer.status, "the edge let it pass without holding anything");
    const held = new HttpReservation(decision, (what, more) => this.#post(what, { lease, ...more }));
    // What was held before expires by the time to live of then.
    if (answer.headers.has("tollgate-repeated") && !(await held.renew(asked.hold_ms))) throw leaseGone();
    return held;
  }

  /** The body of a valid request. */
  #asked(key: string, cost: HttpCost | undefined, options: HttpRequestOptions | undefined): object {
    const id = options?.requestId;
    const request_id = id === undefined ? undefined : text("requestId", id, REQUEST_ID_BYTES_MAX);
    return { policy: this.#policy, key: checkedKey("key", key), cost: checkedCost(cost), request_id };
  }

  /** The same for one that holds. */
  #held(key: string, options: HttpReserveOptions | undefined): { readonly hold_ms: number } {
    return { ...this.#asked(key, options?.cost, options), hold_ms: ttlOf(options) };
  }

  #post(what: string, body: object): Promise<Answer> {
    return this.#ask(`/v1/${what}`, body);
  }
}

/** A policy of the edge at `url`. @throws InvalidError that names what is wrong with the URL, the policy or an option. */
export function tollgateHttp(url: string, policy: string, options?: HttpOptions): HttpLimiter {
  return new HttpLimiter(url, policy, options);
}
