import { type Answer, refusedBy } from "./answer.js";
import { type HttpLimitStatus, limitsOfField } from "./limits-field.js";

/** What the edge said. */
export type HttpDecision =
  | {
      readonly allowed: true;
      readonly delayMs: number;
      readonly limits: Readonly<Record<string, HttpLimitStatus>>;
      /** The store could not be reached: it passed uncounted, or one process alone counted it. */
      readonly without?: "store" | "others";
    }
  | {
      readonly allowed: false;
      readonly reason: "limited" | "impossible";
      readonly retryAfterMs: number | null;
      readonly limits: Readonly<Record<string, HttpLimitStatus>>;
    };

/** The decision in the status and header fields of an answer to `Prefer: return=minimal`. */
export function decisionOf(answer: Answer): HttpDecision {
  const { status, headers } = answer;
  const limits = limitsOfField(headers.get("tollgate-limits") ?? "");
  if (status === 200) {
    const delayMs = Math.max(0, ...Object.values(limits).map((it) => it.delayMs));
    if (headers.has("tollgate-uncounted")) return { allowed: true, delayMs, limits, without: "store" };
    if (headers.has("tollgate-local")) return { allowed: true, delayMs, limits, without: "others" };
    return { allowed: true, delayMs, limits };
  }
  if (status === 422 && headers.has("preference-applied")) {
    return { allowed: false, reason: "impossible", retryAfterMs: null, limits };
  }
  if (status !== 429) throw refusedBy(answer);
  const seconds = headers.get("retry-after");
  const waits = Object.values(limits).map((it) => it.retryAfterMs ?? 0);
  const exact = Math.max(0, ...waits);
  // A blocked key may have room, and gives its wait only in seconds.
  const retryAfterMs = seconds === null ? null : exact > 0 ? exact : Number(seconds) * 1_000;
  return { allowed: false, reason: "limited", retryAfterMs, limits };
}
