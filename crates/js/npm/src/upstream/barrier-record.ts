import { object, record as checkedRecord, shown, wholeNumber } from "../check.js";
import { type Duration, nanoseconds } from "../duration.js";
import { InvalidError } from "../errors.js";
import { type HrTime, hrTimeOf, nanosOf } from "../hr-time.js";
import { idBytes } from "../id.js";
import { named } from "../named.js";
import * as wasm from "../wasm/upstream.js";

/** A party, and the generation that it means. */
export interface Party {
  /** A UUID, or 32 hexadecimal digits. */
  readonly id: string;
  /** A whole number in decimal digits, since it has 64 bits. */
  readonly generation: string;
}

/** The result of creating a barrier: its next generation began, or one is alive. */
export type Created = { readonly state: "begun" | "alive"; readonly generation: string };

/** The result of an arrival. */
export type Arrival =
  /** This party was the last one. */
  | { readonly state: "opened" }
  | { readonly state: "waiting"; readonly remaining: number }
  | { readonly state: "already-open" | "expired" | "no-barrier" }
  | { readonly state: "wrong-generation"; readonly generation: string };

/** The result of leaving. */
export type Departure =
  | { readonly state: "left"; readonly present: number }
  | { readonly state: "gave-up"; readonly remaining: number }
  | { readonly state: "expired" | "no-barrier" }
  | { readonly state: "wrong-generation"; readonly generation: string };

/** Where a barrier stands. */
export interface BarrierStatus {
  readonly generation: string;
  readonly parties: number;
  readonly arrived: number;
  /** How many have arrived and not left. */
  readonly present: number;
  readonly isOpen: boolean;
  /** How long until the next generation may begin. */
  readonly expiresAfter: HrTime;
}

type Bytes = Uint8Array | undefined;
type Written<T> = T & { readonly record?: Uint8Array };

const PARTIES_MAX = 4_000;
const GENERATION = /^\d{1,20}$/;
const GENERATION_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * A barrier as functions over a record that the caller keeps: the same to the bit on every host. A record in
 * the answer is to be written.
 */
export const barrierRecord = {
  /** Begins the next generation for `parties` parties (1 to 4,000), unless one is alive. */
  create(record: Bytes, parties: number, ttl: Duration, now: HrTime): Written<Created> {
    const [count, life, time] = [wholeNumber("parties", parties, 1, PARTIES_MAX), nanoseconds("ttl", ttl), nanosOf("now", now)];
    const before = checkedRecord(record);
    const answer = named("barrier", () => wasm.create(before, count, life, time));
    return written(answer, { state: answer.code() === 0 ? "begun" : "alive", generation: String(answer.number()) });
  },

  /** A party arrives; the last one opens the barrier for all. */
  arrive(record: Bytes, party: Party, now: HrTime): Written<Arrival> {
    const answer = acted(wasm.arrive, record, party, now);
    return written(answer, arrivalOf(answer.code(), answer.number()));
  },

  /** A party goes on when the barrier is open, or gives up waiting. */
  leave(record: Bytes, party: Party, now: HrTime): Written<Departure> {
    const answer = acted(wasm.leave, record, party, now);
    return written(answer, departureOf(answer.code(), answer.number()));
  },

  /** Where it stands; `undefined` when it was never created. */
  query(record: Bytes, now: HrTime): BarrierStatus | undefined {
    const [before, time] = [checkedRecord(record), nanosOf("now", now)];
    const status = named("barrier", () => wasm.query(before, time));
    if (status === undefined) return undefined;
    const [parties, arrived, present, isOpen] = [status.parties(), status.arrived(), status.present(), status.is_open()];
    const [generation, expiresAfter] = [String(status.generation()), hrTimeOf(status.expires_after())];
    status.free();
    return { generation, parties, arrived, present, isOpen, expiresAfter };
  },
} as const;

function acted(act: typeof wasm.arrive, record: Bytes, party: Party, now: HrTime): wasm.Answer {
  const { id, generation } = object("party", party);
  const [before, time] = [checkedRecord(record), nanosOf("now", now)];
  const [who, number] = [idBytes("party.id", id as string), generationOf(generation)];
  return named("barrier", () => act(before, who, number, time));
}

function written<T>(answer: wasm.Answer, said: T): Written<T> {
  const record = answer.record();
  answer.free();
  return { ...said, ...(record && { record }) };
}

function arrivalOf(code: number, number: bigint): Arrival {
  switch (code) {
    case 0:
      return { state: "opened" };
    case 1:
      return { state: "waiting", remaining: Number(number) };
    case 4:
      return { state: "wrong-generation", generation: String(number) };
    default:
      return { state: code === 2 ? "already-open" : code === 3 ? "expired" : "no-barrier" };
  }
}

function departureOf(code: number, number: bigint): Departure {
  switch (code) {
    case 0:
      return { state: "left", present: Number(number) };
    case 1:
      return { state: "gave-up", remaining: Number(number) };
    case 3:
      return { state: "wrong-generation", generation: String(number) };
    default:
      return { state: code === 2 ? "expired" : "no-barrier" };
  }
}

function generationOf(text: unknown): bigint {
  const number = typeof text === "string" && GENERATION.test(text) ? BigInt(text) : GENERATION_MAX + 1n;
  if (number <= GENERATION_MAX) return number;
  throw new InvalidError("party.generation", `must be a whole number below 2^64 in decimal digits, not ${shown(text)}`);
}
