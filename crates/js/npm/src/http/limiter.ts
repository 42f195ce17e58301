import { TIME_MS_MAX, key as checkedKey, options as checkedOptions, wholeNumber } from "../check.js";
import { type Clock, systemClock } from "../clock.js";
import { TollgateError } from "../errors.js";
import { Turns } from "../turns.js";
import type { WaitOptions } from "../waiting.js";
import { type HttpCost, checkedCost } from "./cost.js";
import { type HttpDecision, decisionOfResponse, refusedBy } from "./decision.js";
import { HttpReservation } from "./reservation.js";

/** What a client of the edge may be told. */
export interface HttpOptions {
  /** The `fetch` to ask with. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Header fields of every request: who asks, as a rule. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer may take (5,000 ms), at most a minute. */
  readonly callMsMax?: number;
  /** Where it reads the time when it waits. */
  readonly clock?: Clock;
}

/** What a request may say. */
export interface HttpAcquireOptions {
  readonly cost?: HttpCost | undefined;
  /** One id of 1 to 128 bytes per request: asked again under it, it is not charged again. */
  readonly requestId?: string | undefined;
}

/** What a reservation may say. */
export interface HttpReserveOptions extends HttpAcquireOptions {
  /** How long it is held at most (60,000 ms), up to 31 days. Then it is charged. */
  readonly ttlMs?: number | undefined;
}

/** A policy of an edge (`docs/api.md`), asked over HTTP. */
export class HttpLimiter {
  readonly #url: string;
  readonly #policy: string;
  readonly #options: HttpOptions;
  readonly #callMsMax: number;
  readonly #turns: Turns;

  /** @internal */
  constructor(url: string, policy: string, options?: HttpOptions) {
    checkedOptions(options, ["fetch", "headers", "callMsMax", "clock"]);
    this.#url = new URL(url).href.replace(/\/$/, "");
    this.#policy = checkedKey("policy", policy);
    this.#options = options ?? {};
    this.#callMsMax = wholeNumber("callMsMax", options?.callMsMax ?? 5_000, 1, 60_000);
    this.#turns = new Turns(options?.clock ?? systemClock);
  }

  /** Asks for costs. @throws TollgateError `http` when there is no decision. */
  async tryAcquire(key: string, options?: HttpAcquireOptions): Promise<HttpDecision> {
    return decisionOfResponse(await this.#post("acquire", this.#asked(key, options)));
  }

  /** The same, and waits for its turn: callers in this process pass in the order in which they came. */
  async acquire(key: string, options?: HttpAcquireOptions & WaitOptions): Promise<Extract<HttpDecision, { allowed: true }>> {
    return this.#turns.enter(key, options ?? {}, () => this.tryAcquire(key, options));
  }

  /** Holds costs instead of charging them, until they are settled or released. */
  async tryReserve(key: string, options?: HttpReserveOptions): Promise<HttpReservation | Extract<HttpDecision, { allowed: false }>> {
    const hold_ms = wholeNumber("ttlMs", options?.ttlMs ?? 60_000, 1, TIME_MS_MAX);
    const response = await this.#post("acquire", { ...this.#asked(key, options), hold_ms });
    const decision = await decisionOfResponse(response);
    if (!decision.allowed) return decision;
    const lease = response.headers.get("tollgate-lease");
    if (lease === null) throw new TollgateError("http", "the edge let it pass without holding anything");
    return new HttpReservation(decision, (what, more) => this.#post(what, { lease, ...more }));
  }

  /** The same, and waits for its turn, as `acquire` does. */
  async reserve(key: string, options?: HttpReserveOptions & WaitOptions): Promise<HttpReservation> {
    return this.#turns.enter(key, options ?? {}, () => this.tryReserve(key, options));
  }

  /** Where each limit of a key stands. Nothing is charged. */
  async peek(key: string): Promise<HttpDecision["limits"]> {
    const segments = [this.#policy, checkedKey("key", key)].map(encodeURIComponent);
    const response = await this.#ask(`/v1/limits/${segments.join("/")}`, { method: "GET" });
    if (response.status !== 200) throw await refusedBy(response);
    return (await decisionOfResponse(response)).limits;
  }

  #asked(key: string, options: HttpAcquireOptions | undefined): object {
    const [cost, request_id] = [checkedCost(options?.cost), options?.requestId];
    return { policy: this.#policy, key: checkedKey("key", key), cost, request_id };
  }

  #post(what: string, body: object): Promise<Response> {
    return this.#ask(`/v1/${what}`, { method: "POST", body: JSON.stringify(body) });
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const { fetch = globalThis.fetch, headers } = this.#options;
    try {
      return await fetch(this.#url + path, {
        ...init,
        headers: { ...headers, prefer: "return=minimal", "content-type": "application/json" },
        signal: AbortSignal.timeout(this.#callMsMax),
      });
    } catch (cause) {
      throw new TollgateError("http", "the edge can't be asked, or took too long", { cause });
    }
  }
}

/** A policy of the edge at `url`. @throws TypeError when that is no URL, InvalidError for an option. */
export function tollgateHttp(url: string, policy: string, options?: HttpOptions): HttpLimiter {
  return new HttpLimiter(url, policy, options);
}
