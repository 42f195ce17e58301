/** What callers of an upstream share; an entry (`node.ts`, `web.ts`, `workerd.ts`) starts the module below it. */
export { Barrier, type BarrierOptions, type Passed } from "./barrier.js";
export { type Arrival, type BarrierStatus, type Created, type Departure, type Party, barrierRecord } from "./barrier-record.js";
export { type CooldownEvent, type CooldownFilter, type CooldownReport, type Reported, cooldownRecord } from "./cooldown-record.js";
export { type Cooldown, Cooldowns, type CooldownsOptions } from "./cooldowns.js";
export { type ExactFeedback, type ExactLevel, type Feedback, type Level, type UpstreamResponse, feedbackOf, readFeedback } from "./feedback.js";
export { type Clock, ManualClock, systemClock } from "../clock.js";
export type { Duration } from "../duration.js";
export { type ErrorCode, FullError, InvalidError, TimeoutError, TollgateError } from "../errors.js";
export type { HrTime } from "../hr-time.js";
export type { WaitersOptions } from "../waiters.js";
export type { WaitOptions } from "../waiting.js";
export type { Loaded, Store } from "../store.js";
export { CloudflareKvStore, type KvNamespace } from "../stores/cloudflare-kv.js";
export { DurableObjectStore, type DurableStorage, type DurableTransaction } from "../stores/durable-object.js";
export { MemoryStore } from "../stores/memory.js";
export { RedisStore, type RedisSend } from "../stores/redis.js";
