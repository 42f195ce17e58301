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

/**
 * The decision in the status and header fields of an answer to `Prefer: return=minimal`.
 *
 * @throws HttpError when it is not an edge's: whatever else answers with 200 has admitted nothing.
 */
export function decisionOf(answer: Answer): HttpDecision {
  const { status, headers } = answer;
  if (!headers.has("preference-applied")) throw refusedBy(answer);
  const limits = limitsOfField(headers.get("tollgate-limits") ?? "");
  if (status === 200) {
    const delayMs = Math.max(0, ...Object.values(limits).map((it) => it.delayMs));
    if (headers.has("tollgate-uncounted")) return { allowed: true, delayMs, limits, without: "store" };
    if (headers.has("tollgate-local")) return { allowed: true, delayMs, limits, without: "others" };
    return { allowed: true, delayMs, limits };
  }
  if (status === 422) return { allowed: false, reason: "impossible", retryAfterMs: null, limits };
  const seconds = headers.get("retry-after");
  if (status !== 429 || !/^\d*$/.test(seconds ?? "")) throw refusedBy(answer);
  return { allowed: false, reason: "limited", retryAfterMs: seconds === null ? null : waitOf(Number(seconds), denying(answer, limits)), limits };
}

/** The limits that deny: others, in shadow, may name a longer wait. Where none is named, any may be one. */
function denying({ headers }: Answer, limits: HttpDecision["limits"]): HttpDecision["limits"] {
  const names = Object.keys(limitsOfField(headers.get("tollgate-violated") ?? ""));
  return names.length === 0 ? limits : Object.fromEntries(Object.entries(limits).filter(([name]) => names.includes(name)));
}

/** The wait that is given in seconds, and in milliseconds by the limit that makes it so long. A block has no limit. */
function waitOf(seconds: number, limits: HttpDecision["limits"]): number {
  const waits = Object.values(limits).map((it) => it.retryAfterMs ?? 0);
  // Others do not matter: a blocked key's limits may wait less.
  const exact = waits.filter((ms) => ms > 0 && Math.ceil(ms / 1_000) === seconds);
  return exact.length > 0 ? Math.max(...exact) : Math.max(1, seconds) * 1_000;
}
