/** From the spelling of the vectors to the types that jco makes of `wit/limiter`. */

import { nanosOf } from "../../tests/vectors/run.js";

const units = (number) => BigInt(number);
const costsOf = (costs) => BigUint64Array.from(costs, units);

export function limitOf(text) {
  const { name, algorithm: tag, shadow = false, overrun = "debt" } = text;
  return { name, shadow, overrun, algorithm: { tag, val: numbersOf[tag](text) } };
}

const perOf = ({ per_ns }) => nanosOf(per_ns);
const leakyOf = (text) => ({ capacity: units(text.capacity), leak: units(text.leak), period: perOf(text) });
const slidingOf = (text) => ({ limit: units(text.limit), period: perOf(text) });
const bucketOf = ({ capacity, refill, initial = capacity }) => ({
  capacity: units(capacity),
  refill: units(refill),
  initial: units(initial),
});

const numbersOf = {
  gcra: (text) => ({ limit: units(text.limit), burst: units(text.burst), period: perOf(text) }),
  "token-bucket": (text) => ({ ...bucketOf(text), period: perOf(text) }),
  "interval-bucket": (text) => ({ ...bucketOf(text), windows: windowsOf(text) }),
  "leaky-bucket": leakyOf,
  "leaky-queue": leakyOf,
  "fixed-window": (text) => ({ limit: units(text.limit), windows: windowsOf(text) }),
  "sliding-log": slidingOf,
  "sliding-counter": slidingOf,
  concurrency: ({ slots }) => units(slots),
  adaptive: (text) => ({ capacity: units(text.capacity), period: perOf(text), recovery: recoveryOf(text) }),
};

function windowsOf({ window: unit = "aligned", per_ns, utc_offset_secs: utcOffsetSecs = 0 }) {
  if (unit === "aligned") return { tag: unit, val: { period: nanosOf(per_ns), utcOffsetSecs } };
  if (unit === "first-use") return { tag: unit, val: nanosOf(per_ns) };
  return { tag: "calendar", val: { unit, utcOffsetSecs } };
}

function recoveryOf(text) {
  return {
    interval: nanosOf(text.recovery_interval_ns ?? "30000000000"),
    factorPermille: units(text.recovery_factor_permille ?? 1_100),
    ceilingPermille: units(text.recovery_ceiling_permille ?? 1_000),
  };
}

/** `names` are those of the policy's limits. */
export function operationOf(text, names) {
  const [[kind, fields]] = Object.entries(text);
  const [limit, note] = [names.indexOf(fields.limit), { source: fields.source, reason: fields.reason }];
  switch (kind) {
    case "acquire":
      return { tag: kind, val: acquireOf(fields) };
    case "settle":
      return { tag: kind, val: { hold: idOf(fields.hold), costs: fields.costs && costsOf(fields.costs) } };
    case "release":
      return { tag: kind, val: idOf(fields.hold) };
    case "renew":
      return { tag: kind, val: holdOf(fields.hold) };
    case "penalise":
      return { tag: kind, val: costsOf(fields.costs) };
    case "block":
      return { tag: kind, val: nanosOf(fields.for_ns) };
    case "reset":
      return { tag: kind };
    case "lower":
      return { tag: "lower-remaining", val: { limit, remaining: units(fields.remaining) } };
    case "set_capacity": {
      const capacity = fields.capacity && [units(fields.capacity), nanosOf(fields.per_ns)];
      return { tag: "set-capacity", val: { limit, capacity, note } };
    }
    case "reduce":
      return { tag: kind, val: { limit, factorPermille: fields.factor_permille ?? 500, note } };
    default:
      throw new Error(`no operation is named ${kind}`);
  }
}

function acquireOf({ costs, share_permille: sharePermille = 1_000, hold, once }) {
  return { costs: costsOf(costs), sharePermille, hold: hold && holdOf(hold), once: once && idOf(once) };
}

const holdOf = ({ id, ttl_ns }) => ({ id: idOf(id), ttl: nanosOf(ttl_ns) });

/** 32 hexadecimal digits. */
export function idOf(text) {
  const bits = BigInt(`0x${text}`);
  return { high: bits >> 64n, low: BigInt.asUintN(64, bits) };
}
