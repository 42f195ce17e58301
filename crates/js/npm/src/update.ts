import { Attempts } from "./attempts.js";
import { timeOf } from "./clock.js";
import { type StoreCall, load, storeBusy, storeFailed, swap } from "./store-call.js";

/** Most attempts at one change; after that the key is too busy. */
const ATTEMPTS_MAX = 10;

/** The result of a change to a record. */
export interface Update<R> {
  readonly answer: R;
  /** The record to write; left out when it did not change. */
  readonly record?: Uint8Array | undefined;
  /** How long it matters; `null` for as long as there is one. */
  readonly ttlMs: number | null;
}

/**
 * Changes the record of one key: loads it, calls `make`, and swaps in its result; all of it
 * again when others were faster.
 *
 * @throws TollgateError `store` when the store failed; the change may have been made if that was while it
 * wrote, or was too slow. `busy` when others were faster ten times in a row; nothing was changed.
 */
export async function update<R>(
  call: StoreCall,
  key: string,
  make: (record: Uint8Array | undefined, now: number) => Update<R>,
): Promise<R> {
  const attempts = new Attempts(call.clock);
  for (let conflicts = 0; conflicts < ATTEMPTS_MAX; conflicts += 1) {
    if (conflicts > 0) await attempts.backOff(conflicts);
    if (attempts.msLeft === 0) throw storeFailed(undefined);
    attempts.begin();
    const { record, token } = await load(call, key).catch(failed);
    const made = make(record, timeOf(call.clock));
    if (made.record === undefined) return made.answer;
    if (await swap(call, key, token, made.record, made.ttlMs).catch(failed)) return made.answer;
  }
  throw storeBusy();
}

function failed(cause: unknown): never {
  throw storeFailed(cause);
}
