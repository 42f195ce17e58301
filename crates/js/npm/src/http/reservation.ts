import { TIME_MS_MAX, wholeNumber } from "../check.js";
import { type HttpCost, checkedCost } from "./cost.js";
import { type HttpDecision, refusedBy } from "./decision.js";

/** What the edge is asked about a lease. */
export type AskLease = (what: "settle" | "release" | "renew", more?: object) => Promise<Response>;

/** Capacity that the edge holds under a lease. What nobody settles in time is charged as it was held. */
export class HttpReservation {
  readonly allowed = true;
  readonly delayMs: number;
  readonly limits: HttpDecision["limits"];
  readonly #ask: AskLease;
  #isOver = false;

  /** @internal */
  constructor({ delayMs, limits }: HttpDecision & { allowed: true }, ask: AskLease) {
    this.delayMs = delayMs;
    this.limits = limits;
    this.#ask = ask;
  }

  /**
   * Ends it and charges what it came to, or what was held. False when it was over already, or its policy
   * refuses that much; then it stays.
   */
  async settle(cost?: HttpCost): Promise<boolean> {
    const status = await this.#end("settle", { cost: checkedCost(cost) });
    this.#isOver ||= status === 200 || status === 410;
    return status === 200;
  }

  /** Ends it and charges nothing. False when it was over already. */
  async release(): Promise<boolean> {
    const status = await this.#end("release");
    this.#isOver = true;
    return status === 200;
  }

  /** Lets it live for so many milliseconds from now on. False when it is over. */
  async renew(ttlMs: number): Promise<boolean> {
    return (await this.#end("renew", { hold_ms: wholeNumber("ttlMs", ttlMs, 1, TIME_MS_MAX) })) === 200;
  }

  /** Settles for what is held, unless that was done. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.settle();
  }

  async #end(what: "settle" | "release" | "renew", more?: object): Promise<number> {
    const response = await this.#ask(what, more);
    if (![200, 410, 422, 429].includes(response.status)) throw await refusedBy(response);
    return response.status;
  }
}
