import type { Clock } from "./clock.js";
import { TollgateError } from "./errors.js";
import type { Loaded, Store } from "./store.js";
import { within } from "./within.js";

/** Longest record accepted from a store: the core writes at most 352 KB. */
const RECORD_BYTES_MAX = 512 * 1_024;
/**
 * How long a store keeps a record that decides as none would. By the clock of another process it may not do so yet, and
 * ids of requests are remembered so long at least.
 */
const IDLE_GRACE_MS = 60_000;

/** A store, and how long it may take. */
export interface StoreCall {
  readonly store: Store;
  readonly clock: Clock;
  /** How long one call of the store may take. */
  readonly callMsMax: number;
}

/** What a store returned for a key, checked: a store is not trusted beyond its interface. */
export async function load(call: StoreCall, key: string): Promise<Loaded<unknown>> {
  const value: unknown = await inTime(call, () => call.store.load(key));
  if (typeof value !== "object" || value === null) throw new TypeError("the store's load answers no { record, token }");
  const { record, token } = value as { record?: unknown; token?: unknown };
  if (record !== undefined && !(record instanceof Uint8Array && record.length <= RECORD_BYTES_MAX)) {
    throw new TypeError(`the store's load answers a record that is no Uint8Array of at most ${RECORD_BYTES_MAX} bytes`);
  }
  return { record, token };
}

/** Swaps in a record that matters for `idleAfterMs` (`null`: for ever), and says whether the store did. */
export async function swap(
  call: StoreCall,
  key: string,
  token: unknown,
  record: Uint8Array,
  idleAfterMs: number | null,
): Promise<boolean> {
  const ttlMs = idleAfterMs === null ? null : idleAfterMs + IDLE_GRACE_MS;
  const swapped: unknown = await inTime(call, () => call.store.swap(key, token, record, ttlMs));
  if (typeof swapped !== "boolean") throw new TypeError("the store's swap answers neither true nor false");
  return swapped;
}

/** The store gave no answer, or none that can be valid. */
export function storeFailed(cause: unknown): TollgateError {
  return new TollgateError("store", "the store failed, or took too long", { cause });
}

/** Others were faster too often. */
export function storeBusy(): TollgateError {
  return new TollgateError("busy", "others were faster ten times in a row on this key");
}

/** A store that hangs counts as failed. */
function inTime<R>({ clock, callMsMax }: StoreCall, ask: () => Promise<R>): Promise<R> {
  return within(clock, callMsMax, "the store", ask);
}
