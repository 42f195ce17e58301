import { withMethods } from "./check.js";

/** What a store knows of a key. */
export interface Loaded<T> {
  /** Its record; left out, or `undefined`, when the key is absent. */
  readonly record?: Uint8Array | undefined;
  /** What `swap` compares with. */
  readonly token: T;
}

/**
 * Where records are kept: anything that can load one and swap it. A limiter is as exact as its store's
 * `swap` is.
 */
export interface Store<T = unknown> {
  /** The record of a key, and a token for the version seen; an absent key has a token too. */
  load(key: string): Promise<Loaded<T>>;
  /**
   * Writes `record` if the key still holds the version of `token`, and returns whether it did. After
   * `ttlMs` (`null`: never) the store may forget it.
   */
  swap(key: string, token: T, record: Uint8Array, ttlMs: number | null): Promise<boolean>;
}

/** The store that was given, if it is one. */
export function storeOf(store: Store): Store {
  return withMethods("store", store, ["load", "swap"]);
}

/** Whether two records are the same, or both absent. */
export function sameRecord(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
