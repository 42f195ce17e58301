import { options as checkedOptions } from "../check.js";
import { FullError } from "../errors.js";
import { type HrTime, hrTimeOfMillis } from "../hr-time.js";
import { idText, randomId } from "../id.js";
import type { Store } from "../store.js";
import { type CooldownEvent, type CooldownFilter, type CooldownReport, type Reported, cooldownRecord } from "./cooldown-record.js";
import { RECORD_OPTIONS, RecordInStore, type RecordOptions } from "./record-in-store.js";

/** Options of cooldowns. */
export type CooldownsOptions = RecordOptions;

/** An event that counts, and for how long it will. */
export interface Cooldown extends CooldownEvent {
  /** How long to wait, rounded up. */
  readonly retryAfterMs: number;
}

/**
 * The cooldowns of one upstream, under one key of a store: a refused caller reports it, and everybody who
 * shares the store asks before the next call instead of finding out alone.
 */
export class Cooldowns {
  readonly #record: RecordInStore;

  /** @throws InvalidError that names what is wrong with the store, the key or an option. */
  constructor(store: Store, key: string, options?: CooldownsOptions) {
    checkedOptions(options, RECORD_OPTIONS);
    this.#record = new RecordInStore(store, key, options);
  }

  /**
   * Reports an event that was seen now. With the same id it counts once, however often it is reported:
   * after an error, report it again.
   *
   * @throws InvalidError; FullError when 128 different events count already; TollgateError `store`, `busy`
   * or `corrupt-record`.
   */
  async report(event: CooldownReport): Promise<Exclude<Reported, "full">> {
    const once = { id: idText(randomId()), ...event };
    const { reported } = await this.#record.act((record, now) => cooldownRecord.report(record, once, now));
    if (reported === "full") throw new FullError("too-many-events", "128 different events are cooling down already");
    return reported;
  }

  /**
   * The matching event that ends last: what to wait for. `undefined` when nothing limits the call, as far as
   * is known. @throws as `report`, except FullError.
   */
  async limitedBy(filter: CooldownFilter = {}): Promise<Cooldown | undefined> {
    const found = await this.#record.look((record, now) => cooldownRecord.limitedBy(record, filter, now));
    return found && this.#left(found);
  }

  /** All events that match and count, those that end last first. @throws as `limitedBy`. */
  async active(filter: CooldownFilter = {}): Promise<Cooldown[]> {
    const found = await this.#record.look((record, now) => cooldownRecord.active(record, filter, now));
    return found.map((event) => this.#left(event));
  }

  /** Drops expired events, and returns how many. @throws as `limitedBy`. */
  async cleanUp(): Promise<number> {
    return (await this.#record.act((record, now) => cooldownRecord.cleanUp(record, now))).dropped;
  }

  #left(event: CooldownEvent): Cooldown {
    return { ...event, retryAfterMs: millisBetween(hrTimeOfMillis(this.#record.clock.now()), event.expiresAt) };
  }
}

/** From one time to another, rounded up. */
function millisBetween(start: HrTime, end: HrTime): number {
  return Math.max(0, (end[0] - start[0]) * 1_000 + Math.ceil((end[1] - start[1]) / 1e6));
}
