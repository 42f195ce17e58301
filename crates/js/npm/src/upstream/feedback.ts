import { instance, object, shown, wholeNumber } from "../check.js";
import { systemClock } from "../clock.js";
import { InvalidError } from "../errors.js";
import { type HrTime, hrTimeOf, hrTimeOfMillis, millisOfHr, nanosOf } from "../hr-time.js";
import * as wasm from "../wasm/upstream.js";

/** What is read of a response: one of `fetch`, or any object with a status and headers. */
export interface UpstreamResponse {
  /** 100 to 999. */
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Where one limit of the upstream stands, as far as it said so. */
export interface Level {
  /** What it counts: `requests`, `tokens`, `input_tokens`, `output_tokens`, or the upstream's own name. */
  readonly dimension: string;
  readonly limit?: number;
  readonly remaining?: number;
  /** How long until all units are back. */
  readonly resetAfterMs?: number;
}

/** What an upstream said about its limits in one response. Times are rounded up. */
export interface Feedback {
  /** How long not to call at all. Only an error, of status 400 to 599, has one. */
  readonly cooldownMs?: number;
  /** The cooldown, or without one the longest reset of the levels that have nothing remaining. */
  readonly waitMs?: number;
  readonly levels: readonly Level[];
}

/** The same level to the nanosecond. */
export interface ExactLevel extends Omit<Level, "resetAfterMs"> {
  readonly resetAfter?: HrTime;
}

/** The same to the nanosecond. */
export interface ExactFeedback {
  readonly cooldown?: HrTime;
  readonly wait?: HrTime;
  readonly levels: readonly ExactLevel[];
}

/**
 * What a response says about its upstream's limits: `Retry-After`, `RateLimit` and its
 * older dialects, and the headers of language model providers. Malformed headers are ignored.
 *
 * @throws InvalidError when it is not a response.
 */
export function feedbackOf(response: UpstreamResponse, nowMs: number = systemClock.now()): Feedback {
  const { cooldown, wait, levels } = readFeedback(response, hrTimeOfMillis(wholeNumber("nowMs", nowMs)));
  return {
    ...(cooldown && { cooldownMs: millisOfHr(cooldown) }),
    ...(wait && { waitMs: millisOfHr(wait) }),
    levels: levels.map(({ resetAfter, ...level }) => ({ ...level, ...(resetAfter && { resetAfterMs: millisOfHr(resetAfter) }) })),
  };
}

/** The same to the nanosecond: a function of its arguments and nothing else. @throws as `feedbackOf`. */
export function readFeedback(response: UpstreamResponse, now: HrTime): ExactFeedback {
  instance("response", response);
  const { status, headers } = response;
  const read = new wasm.Headers();
  for (const [name, value] of entriesOf(headers)) read.add(name, value);
  const feedback = wasm.Feedback.read(wholeNumber("status", status, 100, 999), read, nanosOf("now", now));
  const [cooldown, wait] = [feedback.cooldown(), feedback.wait()];
  const levels = Array.from({ length: feedback.levels() }, (_, index) => levelOf(feedback, index));
  feedback.free();
  return {
    ...(cooldown !== undefined && { cooldown: hrTimeOf(cooldown) }),
    ...(wait !== undefined && { wait: hrTimeOf(wait) }),
    levels,
  };
}

function levelOf(feedback: wasm.Feedback, index: number): ExactLevel {
  const [limit, remaining, reset] = [feedback.limit(index), feedback.remaining(index), feedback.reset_after(index)];
  return {
    dimension: feedback.dimension(index) ?? "",
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(remaining !== undefined && { remaining: Number(remaining) }),
    ...(reset !== undefined && { resetAfter: hrTimeOf(reset) }),
  };
}

/** The headers one by one, as text that has UTF-8. */
function* entriesOf(headers: UpstreamResponse["headers"]): Iterable<readonly [string, string]> {
  const isList = typeof headers === "object" && headers !== null && Symbol.iterator in headers;
  const entries: Iterable<unknown> = isList ? (headers as Iterable<unknown>) : Object.entries(object("headers", headers));
  for (const entry of entries) {
    // Names and values in turn, as Node's rawHeaders has them, are no pairs.
    if (!Array.isArray(entry)) throw new InvalidError("headers", `must be pairs of a name and a value, not ${shown(entry)}`);
    const [name, values] = entry as readonly unknown[];
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      if (value === undefined) continue;
      if (typeof name !== "string" || typeof value !== "string") {
        throw new InvalidError("headers", `must have names and values that are strings, not ${shown(value)}`);
      }
      yield [name.toWellFormed(), value.toWellFormed()];
    }
  }
}
