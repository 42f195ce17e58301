import { asyncDispose } from "../dispose.js";
import { checkedTtl } from "../options.js";
import { type Answer, isLeaseGone, membersOf, refusedBy } from "./answer.js";
import { type HttpCost, checkedCost } from "./cost.js";
import type { HttpDecision } from "./decision.js";

/** What the edge is asked about a lease. */
export type AskLease = (what: "settle" | "release" | "renew", more?: object) => Promise<Answer>;

/** The result of settling. */
export type HttpSettled =
  | { readonly settled: true }
  /** `gone`: it was settled or released before, or expired and was charged. Otherwise its policy refuses that much, and the hold stays. */
  | { readonly settled: false; readonly reason: "gone" | "limited" | "impossible" };

/**
 * Capacity that the edge holds under a lease until it is settled or released. What is not settled in time is
 * charged in full; so is what is still held when an `await using` block ends.
 */
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

  /** Ends it and charges the actual cost, less or more than was held; by default what was held. */
  async settle(cost?: HttpCost): Promise<HttpSettled> {
    const status = await this.#end("settle", { cost: checkedCost(cost) });
    if (status === 422 || status === 429) return { settled: false, reason: status === 429 ? "limited" : "impossible" };
    this.#isOver = true;
    return status === 200 ? { settled: true } : { settled: false, reason: "gone" };
  }

  /** Ends it and charges nothing. False when it was over already. */
  async release(): Promise<boolean> {
    const status = await this.#end("release");
    this.#isOver = true;
    return status === 200;
  }

  /** Makes it expire this many milliseconds from now. False when it is over. */
  async renew(ttlMs: number): Promise<boolean> {
    return (await this.#end("renew", { hold_ms: checkedTtl(ttlMs) })) === 200;
  }

  /** Settles for what is held, unless it has ended already. */
  async [asyncDispose](): Promise<void> {
    if (!this.#isOver) await this.settle();
  }

  async #end(what: "settle" | "release" | "renew", more?: object): Promise<number> {
    const answer = await this.#ask(what, more);
    if (!isAboutLease(answer)) throw refusedBy(answer);
    return answer.status;
  }
}

/** Whether it is an edge's answer about a lease: whatever else answers with 200 has settled nothing. */
function isAboutLease(answer: Answer): boolean {
  const { status, text } = answer;
  if (status === 410) return isLeaseGone(answer);
  const { allowed } = membersOf(text);
  return status === 200 ? allowed === true : (status === 422 || status === 429) && allowed === false;
}
