import { withMethods } from "../check.js";
import type { Loaded, Store } from "../store.js";

/** What is used of a namespace of Workers KV. */
export interface KvNamespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(key: string, value: Uint8Array, options?: { expirationTtl?: number }): Promise<void>;
}

/** The shortest time to live that KV accepts, in seconds. */
const TTL_SECS_MIN = 60;

/**
 * Workers KV: **best effort**. It has no compare-and-swap, and other locations see a write up to a minute
 * later, so concurrent requests, or requests in two locations, may all pass: at worst each location
 * grants the whole limit. Where that is too much, use a Durable Object.
 */
export class CloudflareKvStore implements Store<undefined> {
  readonly #namespace: KvNamespace;

  /** @throws InvalidError when it is not a namespace. */
  constructor(namespace: KvNamespace) {
    this.#namespace = withMethods("namespace", namespace, ["get", "put"]);
  }

  async load(key: string): Promise<Loaded<undefined>> {
    const value = await this.#namespace.get(key, "arrayBuffer");
    return { record: value === null ? undefined : new Uint8Array(value), token: undefined };
  }

  async swap(key: string, _: undefined, record: Uint8Array, ttlMs: number | null): Promise<boolean> {
    const ttl = ttlMs === null ? {} : { expirationTtl: Math.max(TTL_SECS_MIN, Math.ceil(ttlMs / 1_000)) };
    await this.#namespace.put(key, record, ttl);
    return true;
  }
}
