import { object, oneOf, onlyKnown, truth, wholeNumber } from "./check.js";
import { nanoseconds } from "./duration.js";
import { InvalidError } from "./errors.js";
import type { LimitSpec } from "./limit-spec.js";
import type { PolicyBuilder } from "./wasm/tollgate.js";

const GENERAL = ["algorithm", "defaultCost", "perCall", "shadow", "overrun"];
const WINDOWS = ["per", "start", "utcOffset", "calendar"];

type Fields = Readonly<Record<string, unknown>>;
type Algorithm = LimitSpec["algorithm"];

/** The fields of an algorithm, read one by one. */
class Numbers {
  constructor(
    readonly at: string,
    readonly fields: Fields,
  ) {}

  units(field: string, otherwise?: bigint): bigint {
    const value = this.fields[field];
    if (value === undefined && otherwise !== undefined) return otherwise;
    return BigInt(wholeNumber(`${this.at}.${field}`, value));
  }

  ifAny(field: string): bigint | undefined {
    return this.fields[field] === undefined ? undefined : this.units(field);
  }

  span(field: string): bigint {
    return nanoseconds(`${this.at}.${field}`, this.fields[field]);
  }
}

type Add = (builder: PolicyBuilder, name: string, it: Numbers) => void;

/** Every algorithm: its fields, and how it is added. */
const ALGORITHMS: Readonly<Record<Algorithm, readonly [fields: readonly string[], add: Add]>> = {
  gcra: [
    ["limit", "burst", "per"],
    (builder, name, it) => {
      const limit = it.units("limit");
      builder.gcra(name, limit, it.span("per"), it.units("burst", limit));
    },
  ],
  "token-bucket": [["capacity", "refill", "per", "initial"], addTokenBucket],
  "interval-bucket": [
    ["capacity", "refill", "initial", ...WINDOWS],
    (builder, name, it) => {
      const capacity = it.units("capacity");
      setWindows(builder, it);
      builder.interval_bucket(name, capacity, it.units("refill"), it.units("initial", capacity));
    },
  ],
  "leaky-bucket": [
    ["capacity", "leak", "per"],
    (builder, name, it) => builder.leaky_bucket(name, it.units("capacity"), it.units("leak"), it.span("per")),
  ],
  "leaky-queue": [
    ["capacity", "leak", "per"],
    (builder, name, it) => builder.leaky_queue(name, it.units("capacity"), it.units("leak"), it.span("per")),
  ],
  "fixed-window": [
    ["limit", ...WINDOWS],
    (builder, name, it) => {
      setWindows(builder, it);
      builder.fixed_window(name, it.units("limit"));
    },
  ],
  "sliding-log": [["limit", "per"], (builder, name, it) => builder.sliding_log(name, it.units("limit"), it.span("per"))],
  "sliding-counter": [
    ["limit", "per"],
    (builder, name, it) => builder.sliding_counter(name, it.units("limit"), it.span("per")),
  ],
  concurrency: [["slots"], (builder, name, it) => builder.concurrency(name, it.units("slots"))],
  adaptive: [
    ["capacity", "per", "recoveryInterval", "recoveryFactorPermille", "recoveryCeilingPermille"],
    (builder, name, it) => {
      const interval = it.fields["recoveryInterval"] === undefined ? undefined : it.span("recoveryInterval");
      const factor = it.ifAny("recoveryFactorPermille");
      const ceiling = it.ifAny("recoveryCeilingPermille");
      builder.adaptive(name, it.units("capacity"), it.span("per"), interval, factor, ceiling);
    },
  ],
};

/** Adds the limit that `spec` describes. */
export function addLimit(builder: PolicyBuilder, name: string, spec: unknown): void {
  const fields = object(name, spec);
  const algorithm = oneOf(`${name}.algorithm`, fields["algorithm"], Object.keys(ALGORITHMS) as Algorithm[]);
  const [known, add] = ALGORITHMS[algorithm];
  onlyKnown(`${name}.`, fields, [...known, ...GENERAL]);
  const numbers = new Numbers(name, fields);
  add(builder, name, numbers);
  addGeneral(builder, numbers);
}

function addGeneral(builder: PolicyBuilder, it: Numbers): void {
  const { at, fields } = it;
  const perCall = truth(`${at}.perCall`, fields["perCall"]);
  const defaultCost = it.ifAny("defaultCost");
  if (perCall && defaultCost !== undefined) {
    throw new InvalidError(`${at}.defaultCost`, "every call of a perCall limit costs 1");
  }
  if (defaultCost !== undefined) builder.default_cost(defaultCost);
  if (perCall) builder.per_call();
  if (truth(`${at}.shadow`, fields["shadow"])) builder.shadow();
  const { overrun = "debt" } = fields;
  if (oneOf(`${at}.overrun`, overrun, ["debt", "refuse"]) === "refuse") builder.refuse_overrun();
}

/** A budget has no period; the core requires one and ignores it. */
function addTokenBucket(builder: PolicyBuilder, name: string, it: Numbers): void {
  const [capacity, refill] = [it.units("capacity"), it.units("refill")];
  const per = refill === 0n && it.fields["per"] === undefined ? 1n : it.span("per");
  builder.token_bucket(name, capacity, refill, per, it.units("initial", capacity));
}

function setWindows(builder: PolicyBuilder, it: Numbers): void {
  const { at, fields } = it;
  const { start, calendar, per } = fields;
  const offset = utcOffsetSecs(`${at}.utcOffset`, fields["utcOffset"]);
  if (calendar !== undefined) {
    const units = ["day", "week", "month"] as const;
    if (per !== undefined) throw new InvalidError(`${at}.per`, "say either per or calendar");
    if (start !== undefined) throw new InvalidError(`${at}.start`, "windows of the calendar start with the calendar");
    return builder.calendar(units.indexOf(oneOf(`${at}.calendar`, calendar, units)), offset);
  }
  if (start === undefined || oneOf(`${at}.start`, start, ["epoch", "first-use"]) === "epoch") {
    return builder.aligned(it.span("per"), offset);
  }
  if (fields["utcOffset"] !== undefined) {
    throw new InvalidError(`${at}.utcOffset`, "windows that start with the first use have none");
  }
  builder.first_use(it.span("per"));
}

/** `+02:00`, or `-11:59:30`, in seconds. */
function utcOffsetSecs(field: string, offset: unknown): number {
  if (offset === undefined) return 0;
  const parts = typeof offset === "string" ? /^([+-])(\d\d):([0-5]\d)(?::([0-5]\d))?$/.exec(offset) : null;
  if (parts === null) throw new InvalidError(field, 'must be like "+02:00"');
  const [, sign, hours, minutes, seconds = "0"] = parts;
  const secs = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -secs : secs;
}
