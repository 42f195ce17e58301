/** Where the fields of the exchange are, as `docs/module.md` says. */

export const ABI_VERSION = 1;

export const LIMIT = { bytes: 112, numbers: 8, name: 48, nameBytesMax: 64 };
export const OPERATION = { at: 1_792, bytes: 512, hold: 24, once: 40, costs: 56, texts: 184, source: 192, reason: 256 };
export const DECISION = { at: 2_304, limits: 40, limitBytes: 80 };
export const RECORD_AT = 16_936;

export const ALGORITHMS = [
  ...["gcra", "token-bucket", "interval-bucket", "leaky-bucket", "leaky-queue"],
  ...["fixed-window", "sliding-log", "sliding-counter", "concurrency", "adaptive"],
];
export const WINDOWS = ["aligned", "first-use", "day", "week", "month"];
export const OPERATIONS = [
  ...["acquire", "settle", "release", "renew", "penalise"],
  ...["block", "reset", "lower", "setCapacity", "reduce"],
];
export const VERDICTS = ["allowed", "limited", "impossible"];
export const EFFECTS = ["none", "charged", "held", "repeated", "settled", "released", "renewed", "no-hold", "changed"];

export const ERRORS = new Map([
  [-1, "no policy is open under this id"],
  [-2, "the bytes are no record"],
  [-3, "the record is too long"],
  [-4, "there is no such operation"],
  [-5, "costs: must be 0 to 2^53 - 1"],
  [-6, "share: must be 1 to 1000 thousandths"],
  [-7, "ttl: must be 1 ns to 31 days"],
  [-8, "capacity: must be 1 to 2^53 - 1, in 1 ns to 146 years"],
  [-9, "factor: must be 0 to 999 thousandths"],
  [-10, "note: must be at most 64 bytes of source and 256 of reason"],
  [-11, "there is no such slot"],
  [-12, "the batch is too long"],
  [-13, "there are too many slots"],
  [-14, "a policy has at most 16 limits"],
  [-15, "a policy has at most 4 sliding logs"],
  [-16, "two limits have the same name, or names that a record can't tell apart"],
  [-17, "1024 policies are open"],
  [-32, "algorithm: there is none of this number"],
  [-33, "windows: there are none of this number"],
  [-34, "name: must be 1 to 64 ASCII letters, digits, _, - or ."],
  [-35, "limit, capacity or slots: out of range"],
  [-36, "refill or leak: out of range"],
  [-37, "burst: out of range"],
  [-38, "initial: out of range"],
  [-39, "period: out of range"],
  [-40, "UTC offset: out of range"],
  [-41, "recovery: out of range"],
  [-42, "from empty to full takes more than 146 years"],
  [-43, "flags: there are none of these"],
]);
