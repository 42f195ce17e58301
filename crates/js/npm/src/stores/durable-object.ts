import { withMethods } from "../check.js";
import { type Loaded, type Store, sameRecord } from "../store.js";

/** The part of a Durable Object's storage that is used. */
export interface DurableStorage {
  get(key: string): Promise<unknown>;
  transaction<R>(closure: (transaction: DurableTransaction) => Promise<R>): Promise<R>;
}

/** What is used of a transaction in it. */
export interface DurableTransaction {
  get(key: string): Promise<unknown>;
  put(key: string, value: Uint8Array): Promise<void>;
}

/** The storage of a Durable Object, exact: each swap is a transaction. Nothing expires there by itself. */
export class DurableObjectStore implements Store<Uint8Array | undefined> {
  readonly #storage: DurableStorage;

  /** @throws InvalidError when it is not such a storage. */
  constructor(storage: DurableStorage) {
    this.#storage = withMethods("storage", storage, ["get", "transaction"]);
  }

  async load(key: string): Promise<Loaded<Uint8Array | undefined>> {
    const record = recordOf(await this.#storage.get(key));
    return { record, token: record };
  }

  swap(key: string, token: Uint8Array | undefined, record: Uint8Array): Promise<boolean> {
    return this.#storage.transaction(async (transaction) => {
      if (!sameRecord(recordOf(await transaction.get(key)), token)) return false;
      await transaction.put(key, record);
      return true;
    });
  }
}

function recordOf(value: unknown): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value;
  throw new TypeError("the storage holds something that is no record");
}
