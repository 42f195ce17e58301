import { callable } from "../check.js";
import { SWAP_SCRIPT } from "../swap-script.js";
import type { Loaded, Store } from "../store.js";

/**
 * Sends one command to Redis, and returns raw bytes: with ioredis
 * `(...args) => redis.callBuffer(...args)`, with node-redis `(...args) => bytes.sendCommand(args)` and
 * `bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })`. What follows the command is strings
 * and bytes; each client has a type of its own for these, so none is named.
 */
export type RedisSend = (command: string, ...args: any[]) => Promise<unknown>;

/** A store in Redis, exact: one script compares and swaps. */
export class RedisStore implements Store<Uint8Array | undefined> {
  readonly #send: RedisSend;

  /** @throws InvalidError when it is not a function: a client is not one. */
  constructor(send: RedisSend) {
    this.#send = callable("send", send);
  }

  async load(key: string): Promise<Loaded<Uint8Array | undefined>> {
    const answer = await this.#send("GET", key);
    if (answer === null || answer === undefined) return { token: undefined };
    if (!(answer instanceof Uint8Array)) throw new TypeError("Redis answered a text: its bytes are needed as they are");
    return { record: answer, token: answer };
  }

  async swap(key: string, token: Uint8Array | undefined, record: Uint8Array, ttlMs: number | null): Promise<boolean> {
    const seen = token === undefined ? (["0", ""] as const) : (["1", asBuffer(token)] as const);
    const answer = await this.#send("EVAL", SWAP_SCRIPT, "1", key, ...seen, asBuffer(record), String(ttlMs ?? 0));
    // After a conflict the reply is the present record: bytes, some of which would read as a number.
    return !(answer instanceof Uint8Array) && Number(answer) === 1;
  }
}

/** Where there are Buffers, clients send only those as raw bytes, and turn other byte arrays into strings. */
function asBuffer(bytes: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: typeof globalThis.Buffer };
  return Buffer === undefined ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
