/** What can go wrong, by `code`. */
export type ErrorCode =
  | "invalid"
  | "impossible"
  | "timeout"
  | "too-many-keys"
  | "too-many-waiting"
  | "too-many-events"
  | "busy"
  | "store"
  | "corrupt-record"
  | "lease-gone"
  | "http"
  | "disposed";

/** The base of every error that this package makes. */
export class TollgateError extends Error {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument is invalid. */
export class InvalidError extends TollgateError {
  /** Which one: `cost.input_tokens`. */
  readonly field: string;
  /** What is wrong with it. */
  readonly problem: string;

  constructor(field: string, problem: string) {
    super("invalid", `${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

/** It will never be admitted: a cost is above what its limit can ever hold, or a slot is not held. */
export class ImpossibleError extends TollgateError {
  constructor() {
    super("impossible", "a cost is above what its limit ever holds, or asks for a slot without holding it");
  }
}

/** It was not admitted within `timeoutMs`. Nothing was charged. */
export class TimeoutError extends TollgateError {
  /** How long it would still have to wait; `null` when that is not known. */
  readonly retryAfterMs: number | null;

  constructor(retryAfterMs: number | null) {
    super("timeout", "there was no room in time");
    this.retryAfterMs = retryAfterMs;
  }
}

/** There are as many keys, waiting callers, or events as allowed. */
export class FullError extends TollgateError {
  constructor(code: "too-many-keys" | "too-many-waiting" | "too-many-events", message: string) {
    super(code, message);
  }
}

/** The edge can't be reached, or its answer is not a decision. */
export class HttpError extends TollgateError {
  /** The status of its answer; `undefined` when there was none. */
  readonly status: number | undefined;

  constructor(status: number | undefined, message: string, options?: ErrorOptions) {
    super("http", message, options);
    this.status = status;
  }
}

/** The limiter was disposed. */
export class DisposedError extends TollgateError {
  constructor() {
    super("disposed", "the limiter was disposed of");
  }
}

/** A hold expired before it was whole, or is asked for again under its id after it ended: nothing is held. */
export function leaseGone(): TollgateError {
  return new TollgateError("lease-gone", "what was held under this requestId is over");
}
