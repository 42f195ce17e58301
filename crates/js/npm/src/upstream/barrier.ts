import { options as checkedOptions, wholeNumber } from "../check.js";
import { timeOf } from "../clock.js";
import type { Duration } from "../duration.js";
import { idText, randomId } from "../id.js";
import type { Store } from "../store.js";
import { until } from "../until.js";
import { Waiters, type WaitersOptions } from "../waiters.js";
import { type WaitOptions, checked } from "../waiting.js";
import { type Arrival, type BarrierStatus, barrierRecord } from "./barrier-record.js";
import { RECORD_OPTIONS, RecordInStore, type RecordOptions } from "./record-in-store.js";

/** Options of a barrier. */
export interface BarrierOptions extends RecordOptions, WaitersOptions {
  /** How long a generation lives, from its beginning to the last arrival, and again until all have gone (15 minutes). */
  readonly ttl?: Duration;
  /** The time between two polls for all having arrived (100 ms), 1 to 60,000. */
  readonly lookMs?: number;
}

/** All parties have arrived. */
export interface Passed {
  readonly generation: string;
  /** One party of a generation is told that it was the last. */
  readonly isLast: boolean;
}

/** A party, and the generation that it waits in. */
interface Here {
  readonly id: string;
  generation: string | undefined;
  /** Where it arrives: when the store's answer is lost, it may have. */
  arrivesAt: string | undefined;
}

const TTL_DEFAULT = "15m";
const LOOK_MS_DEFAULT = 100;

/**
 * A barrier for a number of parties, under one key of a store: each waits until all have arrived, then
 * they all go on. It is reusable.
 */
export class Barrier {
  readonly parties: number;
  readonly #record: RecordInStore;
  readonly #ttl: Duration;
  readonly #lookMs: number;
  readonly #waiters: Waiters;

  /** @throws InvalidError that names what is wrong with the store, the key or an option. */
  constructor(store: Store, key: string, parties: number, options?: BarrierOptions) {
    checkedOptions(options, [...RECORD_OPTIONS, "ttl", "lookMs", "maxWaiting"]);
    this.parties = wholeNumber("parties", parties, 1, 4_000);
    const { ttl = TTL_DEFAULT, lookMs = LOOK_MS_DEFAULT } = options ?? {};
    this.#ttl = ttl;
    this.#lookMs = wholeNumber("lookMs", lookMs, 1, 60_000);
    this.#waiters = new Waiters(options?.maxWaiting);
    this.#record = new RecordInStore(store, key, options);
    barrierRecord.create(undefined, parties, ttl, [0, 0]);
  }

  /**
   * Arrives, and waits until all have. A party that stops waiting no longer counts as arrived, unless the store can't be
   * told: then it counts until its generation is over.
   *
   * @throws TimeoutError, FullError, the reason of `signal`, InvalidError; TollgateError `store`, `busy` or
   * `corrupt-record`.
   */
  async wait(options: WaitOptions = {}): Promise<Passed> {
    checkedOptions(options, ["timeoutMs", "signal"]);
    const { timeoutMs = Infinity, signal } = checked(options);
    const here: Here = { id: idText(randomId()), generation: undefined, arrivesAt: undefined };
    // Before it arrives: a party that will not wait must not count.
    this.#waiters.join();
    try {
      return await this.#passed(here, timeOf(this.#record.clock) + timeoutMs, signal);
    } catch (error) {
      // The barrier may have opened while this party gave up: then it has passed, too.
      const generation = here.generation ?? here.arrivesAt;
      if (generation !== undefined && (await this.#leave(here.id, generation)) === "left") {
        return { generation, isLast: false };
      }
      throw error;
    } finally {
      this.#waiters.leave();
    }
  }

  /** Where it stands; `undefined` when nobody ever waited. @throws as `wait`. */
  async query(): Promise<BarrierStatus | undefined> {
    return this.#record.look(barrierRecord.query);
  }

  async #passed(here: Here, end: number, signal: AbortSignal | undefined): Promise<Passed> {
    for (;;) {
      signal?.throwIfAborted();
      const { state, generation } = await this.#arrive(here);
      if (state === "opened" || (state === "already-open" && here.generation === generation)) {
        await this.#leave(here.id, generation);
        return { generation, isLast: state === "opened" };
      }
      // This party does not belong to another generation: it arrives at the next one.
      here.generation = state === "waiting" ? generation : undefined;
      let cancel = () => {};
      const look = new Promise<void>((resolve) => (cancel = this.#record.clock.after(this.#lookMs, resolve)));
      await until(this.#record.clock, look, { end, signal, retryAfterMs: null }).finally(cancel);
    }
  }

  /** Arrives at the generation that it waits in, or at the present one, which is begun if there is none. */
  #arrive(here: Here): Promise<Arrival & { readonly generation: string }> {
    const { id, generation } = here;
    return this.#record.act((before, now) => {
      const begun = generation === undefined ? barrierRecord.create(before, this.parties, this.#ttl, now) : undefined;
      const meant = begun?.generation ?? generation!;
      here.arrivesAt = meant;
      const arrival = barrierRecord.arrive(begun?.record ?? before, { id, generation: meant }, now);
      const record = arrival.record ?? begun?.record;
      return { ...arrival, generation: meant, ...(record && { record }) };
    });
  }

  /** Goes on, or gives up. When that fails, the party only stays present until its generation is over. */
  async #leave(id: string, generation: string): Promise<string> {
    const leave = this.#record.act((record, now) => barrierRecord.leave(record, { id, generation }, now));
    return leave.then(({ state }) => state, () => "failed");
  }
}
