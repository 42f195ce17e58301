import { object, onlyKnown, record as checkedRecord, shown, wholeNumber } from "../check.js";
import { type Duration, nanoseconds } from "../duration.js";
import { InvalidError } from "../errors.js";
import { type HrTime, hrTimeOf, nanosOf } from "../hr-time.js";
import { idBytes, idText, randomId } from "../id.js";
import { named } from "../named.js";
import * as wasm from "../wasm/upstream.js";

/** What an upstream answered, as its caller reports it. */
export interface CooldownReport {
  /** What it answered: `429`, `E101`. 1 to 64 bytes. */
  readonly code: string;
  /** For how long it said to refuse calls: at most 366 days. */
  readonly for: Duration;
  /** What it is about: the name of a model, of an account. 1 to 64 bytes. */
  readonly label?: string | undefined;
  /** A UUID or 32 hexadecimal digits that identify this event; drawn at random if left out. */
  readonly id?: string | undefined;
  /** Who saw it, as 16 hexadecimal digits: a hash, since a record holds no names. */
  readonly source?: string | undefined;
  /** Which part of the time counts, in thousandths: 1 to 10,000, by default 800. */
  readonly safetyPermille?: number | undefined;
}

/** Which events are asked for: any, or those with this code, this label, or both. */
export interface CooldownFilter {
  readonly code?: string | undefined;
  readonly label?: string | undefined;
}

/** An event that counts. */
export interface CooldownEvent {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly label?: string;
  readonly recordedAt: HrTime;
  /** From this very time on it no longer counts. */
  readonly expiresAt: HrTime;
}

/**
 * The result of a report: it was added; it is known by its id; another one of its code and label lasts
 * longer; or there is room for no more.
 */
export type Reported = "added" | "known" | "covered" | "full";

const REPORTED: readonly Reported[] = ["added", "known", "covered", "full"];
const SAFETY_PERMILLE_DEFAULT = 800;
const SAFETY_PERMILLE_MAX = 10_000;
const SOURCE = /^[0-9a-f]{16}$/i;

type Bytes = Uint8Array | undefined;

/** Cooldowns as functions over a record that the caller keeps: the same to the bit on every host. */
export const cooldownRecord = {
  /** Records that an event was seen now. The record is to be written if there is one. */
  report(record: Bytes, report: CooldownReport, now: HrTime): { readonly reported: Reported; readonly record?: Uint8Array } {
    const [before, time] = [checkedRecord(record), nanosOf("now", now)];
    const answer = named("event", () => wasm.report(before, eventOf(report), time));
    const written = answer.record();
    return { reported: REPORTED[answer.code()]!, ...(written && { record: written }) };
  },

  /** The matching event that ends last: what to wait for. `undefined` when nothing limits the call. */
  limitedBy(record: Bytes, filter: CooldownFilter, now: HrTime): CooldownEvent | undefined {
    const [code, label, time] = asked(filter, now);
    const before = checkedRecord(record);
    const cooldown = named("filter", () => wasm.limited_by(before, code, label, time));
    return cooldown && shownEvent(cooldown);
  },

  /** All events that match and count, those that end last first. */
  active(record: Bytes, filter: CooldownFilter, now: HrTime): CooldownEvent[] {
    const [code, label, time] = asked(filter, now);
    const before = checkedRecord(record);
    return named("filter", () => wasm.active(before, code, label, time)).map(shownEvent);
  },

  /** Drops expired events. The record is to be written if there is one. */
  cleanUp(record: Bytes, now: HrTime): { readonly dropped: number; readonly record?: Uint8Array } {
    const [before, time] = [checkedRecord(record), nanosOf("now", now)];
    const answer = named("record", () => wasm.clean_up(before, time));
    const written = answer.record();
    return { dropped: Number(answer.number()), ...(written && { record: written }) };
  },
} as const;

function eventOf(report: CooldownReport): wasm.Event {
  onlyKnown("event.", object("event", report), ["code", "for", "label", "id", "source", "safetyPermille"]);
  const { code, label, id, source = "0000000000000000", safetyPermille = SAFETY_PERMILLE_DEFAULT } = report;
  if (typeof source !== "string" || !SOURCE.test(source)) {
    throw new InvalidError("event.source", `must be 16 hexadecimal digits, not ${shown(source)}`);
  }
  const event = new wasm.Event(
    id === undefined ? randomId() : idBytes("event.id", id),
    BigInt(`0x${source}`),
    text("event.code", code),
    nanoseconds("event.for", report.for),
    wholeNumber("event.safetyPermille", safetyPermille, 1, SAFETY_PERMILLE_MAX),
  );
  return label === undefined ? event : event.label(text("event.label", label));
}

function asked(filter: CooldownFilter, now: HrTime): readonly [code: string | undefined, label: string | undefined, now: bigint] {
  onlyKnown("filter.", object("filter", filter), ["code", "label"]);
  const { code, label } = filter;
  return [
    code === undefined ? undefined : text("filter.code", code),
    label === undefined ? undefined : text("filter.label", label),
    nanosOf("now", now),
  ];
}

function text(field: string, value: unknown): string {
  if (typeof value !== "string" || !value.isWellFormed()) {
    throw new InvalidError(field, `must be a string without half of a surrogate pair, not ${shown(value)}`);
  }
  return value;
}

function shownEvent(cooldown: wasm.Cooldown): CooldownEvent {
  const label = cooldown.label();
  const event = {
    id: idText(cooldown.id()),
    source: cooldown.source().toString(16).padStart(16, "0"),
    code: cooldown.code(),
    ...(label !== undefined && { label }),
    recordedAt: hrTimeOf(cooldown.recorded_at()),
    expiresAt: hrTimeOf(cooldown.expires_at()),
  };
  cooldown.free();
  return event;
}
