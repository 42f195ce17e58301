import { type Loaded, type Store, sameRecord } from "../store.js";

/** A store in memory, for tests: it forgets nothing. To limit only in memory, use `Limiter`. */
export class MemoryStore implements Store<Uint8Array | undefined> {
  readonly #records = new Map<string, Uint8Array>();

  async load(key: string): Promise<Loaded<Uint8Array | undefined>> {
    const record = this.#records.get(key);
    return { record, token: record };
  }

  async swap(key: string, token: Uint8Array | undefined, record: Uint8Array): Promise<boolean> {
    if (!sameRecord(this.#records.get(key), token)) return false;
    this.#records.set(key, record);
    return true;
  }
}
