/** Where a limit of the edge stands. */
export interface HttpLimitStatus {
  readonly limit: number;
  readonly remaining: number;
  /** 0 when the cost passes this limit, `null` when it never will. */
  readonly retryAfterMs: number | null;
  /** `null` for a budget that does not refill. */
  readonly resetAfterMs: number | null;
  readonly delayMs: number;
}

const ITEM = /"([^"]{1,64})"((?:;[a-z_]+=(?:\d+|"\d+"))*)/g;
const PARAMETER = /;([a-z_]+)="?(\d+)/g;

/** What the header field `Tollgate-Limits` says, by the name of the limit. */
export function limitsOfField(field: string): Readonly<Record<string, HttpLimitStatus>> {
  const items = [...field.matchAll(ITEM)].map(([, name = "", parameters = ""]) => {
    const numbers = new Map([...parameters.matchAll(PARAMETER)].map(([, of = "", it]) => [of, Number(it)]));
    return [name, statusOf(numbers)] as const;
  });
  return Object.fromEntries(items);
}

/** A `null` is left out. */
function statusOf(numbers: ReadonlyMap<string, number>): HttpLimitStatus {
  return {
    limit: numbers.get("limit") ?? 0,
    remaining: numbers.get("remaining") ?? 0,
    retryAfterMs: numbers.get("retry_after_ms") ?? null,
    resetAfterMs: numbers.get("reset_after_ms") ?? null,
    delayMs: numbers.get("delay_ms") ?? 0,
  };
}
