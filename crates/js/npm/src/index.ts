/** The face of the package; an entry (`node.ts`, `web.ts`, `workerd.ts`) starts the module below it. */
export type { Effect } from "./answer.js";
export { KEY_BYTES_MAX, UNITS_MAX } from "./check.js";
export { type Clock, ManualClock, systemClock } from "./clock.js";
export type { Cost } from "./cost.js";
export type { Allowed, Decision, Denied, Impossible, LimitStatus, Limited, Limits, Verdict } from "./decision.js";
export type { Duration } from "./duration.js";
export { DisposedError, type ErrorCode, FullError, ImpossibleError, InvalidError, TimeoutError, TollgateError } from "./errors.js";
export { type Applied, type ExactCapacity, type ExactStatus, type HrTime, type HrWait, apply } from "./exact.js";
export type * from "./limit-spec.js";
export { type AcquireOptions, Limiter, type LimiterOptions, type ReserveOptions } from "./limiter.js";
export type { AcquireSpec, HoldSpec, NoteSpec, Operation, ReduceSpec, SetCapacitySpec } from "./operation.js";
export { Policy, type PolicySpec } from "./policy.js";
export { Reservation, type Settled } from "./reservation.js";
export type { WaitOptions } from "./waiting.js";
