/** Runs the shared vectors of cooldowns, barriers and feedback (`tests/vectors`) on the package, on any host. */

import {
  type Arrival,
  type CooldownEvent,
  type Created,
  type Departure,
  type HrTime,
  InvalidError,
  barrierRecord,
  cooldownRecord,
  readFeedback,
} from "tollgate/upstream";

import { hex, sorted, timeOf, unhex } from "./vectors.js";

type Json = Readonly<Record<string, unknown>>;

/** The arguments of all requests. */
interface Asked {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly label?: string;
  readonly duration_ns: string;
  readonly safety_permille?: number;
  readonly parties: number;
  readonly ttl_ns: string;
  readonly party: string;
  readonly generation: string;
}

/** A file of cooldowns, of barriers, or of feedback. */
export interface UpstreamFile {
  readonly vectors?: readonly { readonly why: string; readonly record?: string; readonly steps: readonly Step[] }[];
  readonly rows?: readonly Row[];
}

interface Step {
  readonly why: string;
  readonly now_ns: string;
  readonly request: Readonly<Record<string, Json>>;
  readonly answer: unknown;
  readonly record?: string;
}

interface Row {
  readonly why: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly now_ns: string;
  readonly expect: Json;
}

interface Said {
  readonly answer: unknown;
  readonly record?: Uint8Array | undefined;
}

/** Runs a file; answers how many steps it has. The first one that differs is an error. */
export function runUpstreamVectors(file: string, { vectors = [], rows = [] }: UpstreamFile): number {
  for (const row of rows) same(`${file}: ${row.why}`, feedback(row), row.expect);
  let steps = rows.length;
  for (const vector of vectors) {
    let record = vector.record === undefined ? undefined : unhex(vector.record);
    for (const step of vector.steps) {
      const said = answered(record, step);
      const written = said.record === undefined ? undefined : hex(said.record);
      same(`${file}: ${vector.why} ${step.why}`, { ...said, record: written }, { answer: step.answer, record: step.record });
      record = said.record ?? record;
      steps += 1;
    }
  }
  return steps;
}

function same(why: string, said: unknown, expected: unknown): void {
  const [a, b] = [said, expected].map((it) => JSON.stringify(sorted(it)));
  if (a !== b) throw new Error(`${why}\nsaid     ${a}\nexpected ${b}`);
}

/** What is said; of an argument that is out of its range its name. */
function answered(record: Uint8Array | undefined, step: Step): Said {
  const [[name, request] = ["", {}]] = Object.entries(step.request);
  try {
    return REQUESTS[name]!(record, request as unknown as Asked, timeOf(step.now_ns));
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    const field = error.field.split(".").at(-1)!;
    return { answer: { error: field === "safetyPermille" ? "safety_permille" : field === "for" ? "duration" : field } };
  }
}

const REQUESTS: Readonly<Record<string, (record: Uint8Array | undefined, asked: Asked, now: HrTime) => Said>> = {
  report(record, { id, source, code, label, duration_ns, safety_permille }, now) {
    const hashed = BigInt(source).toString(16).padStart(16, "0");
    const event = { id, source: hashed, code, label, for: `${duration_ns}ns`, safetyPermille: safety_permille };
    const said = cooldownRecord.report(record, event, now);
    return { answer: said.reported, record: said.record };
  },
  limited_by(record, { code, label }, now) {
    const found = cooldownRecord.limitedBy(record, { code, label }, now);
    return { answer: found === undefined ? null : standing(found, now) };
  },
  active(record, { code, label }, now) {
    return { answer: cooldownRecord.active(record, { code, label }, now).map((event) => standing(event, now)) };
  },
  clean_up(record, _, now) {
    const said = cooldownRecord.cleanUp(record, now);
    return { answer: said.dropped, record: said.record };
  },
  create(record, { parties, ttl_ns }, now) {
    return spelled(barrierRecord.create(record, parties, `${ttl_ns}ns`, now));
  },
  arrive(record, { party, generation }, now) {
    return spelled(barrierRecord.arrive(record, { id: party, generation }, now));
  },
  leave(record, { party, generation }, now) {
    return spelled(barrierRecord.leave(record, { id: party, generation }, now));
  },
  query(record, _, now) {
    const status = barrierRecord.query(record, now);
    if (status === undefined) return { answer: null };
    const { isOpen, expiresAfter, ...rest } = status;
    return { answer: { ...rest, is_open: isOpen, expires_after_ns: nanos(expiresAfter) } };
  },
};

/** A state alone, or with the number that goes with it. */
function spelled({ record, ...said }: (Created | Arrival | Departure) & { readonly record?: Uint8Array }): Said {
  const [number] = Object.entries(said).filter(([name]) => name !== "state");
  return { answer: number === undefined ? said.state : { [said.state]: number[1] }, record };
}

function standing({ id, expiresAt }: CooldownEvent, now: HrTime): unknown {
  const left = BigInt(nanos(expiresAt)) - BigInt(nanos(now));
  return { id, expires_at_ns: nanos(expiresAt), retry_after_ns: String(left) };
}

function feedback({ status, headers, now_ns }: Row): unknown {
  const { cooldown, wait, levels } = readFeedback({ status, headers }, timeOf(now_ns));
  return {
    cooldown_ns: cooldown && nanos(cooldown),
    wait_ns: wait && nanos(wait),
    levels: levels.map(({ resetAfter, ...level }) => ({ ...level, reset_after_ns: resetAfter && nanos(resetAfter) })),
  };
}

function nanos([seconds, rest]: HrTime): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));
}
