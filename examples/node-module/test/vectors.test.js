import { readFileSync } from "node:fs";
import { test } from "node:test";

import { runVectors, nanosOf, textOf, unhex } from "../../../tests/vectors/run.js";
import { Limiter } from "../limiter.js";
import { modulePath } from "../module-path.js";

const KINDS = { set_capacity: "setCapacity" };

class Host {
  #limiter = new Limiter(readFileSync(modulePath()));

  open(limits) {
    const id = this.#limiter.open(limits.map(limitOf));
    return { id, names: limits.map(({ name }) => name) };
  }

  apply({ id, names }, record, operation, nowNs) {
    const decision = this.#limiter.apply(id, record, operationOf(operation, names), nowNs);
    const { verdict, effect, record: written } = decision;
    const limits = decision.limits.map(statusOf);
    return { verdict, effect, retry_after_ns: textOf(decision.retryAfterNs), limits, record: written };
  }
}

function limitOf({ per_ns, utc_offset_secs, ...limit }) {
  const recovery = {};
  if (limit.recovery_interval_ns) recovery.intervalNs = BigInt(limit.recovery_interval_ns);
  if (limit.recovery_factor_permille) recovery.factorPermille = limit.recovery_factor_permille;
  if (limit.recovery_ceiling_permille) recovery.ceilingPermille = limit.recovery_ceiling_permille;
  return { ...limit, perNs: BigInt(per_ns ?? 0), utcOffsetSecs: utc_offset_secs, recovery };
}

function operationOf(text, names) {
  const [[name, fields]] = Object.entries(text);
  const { costs, source, reason } = fields;
  const hold = fields.hold?.id ?? fields.hold;
  return {
    kind: KINDS[name] ?? name,
    costs,
    source,
    reason,
    hold: hold && unhex(hold),
    once: fields.once && unhex(fields.once),
    permille: fields.share_permille ?? fields.factor_permille ?? (name === "reduce" ? 500 : 1_000),
    limit: names.indexOf(fields.limit) >>> 0,
    spanNs: nanosOf(fields.hold?.ttl_ns ?? fields.for_ns ?? fields.per_ns ?? "0"),
    units: fields.remaining ?? fields.capacity ?? 0,
  };
}

function statusOf({ capacity, ...status }) {
  const said = {
    verdict: status.verdict,
    limit: Number(status.limit),
    remaining: Number(status.remaining),
    held: Number(status.held),
    retry_after_ns: textOf(status.retryAfterNs),
    reset_after_ns: textOf(status.resetAfterNs),
    delay_ns: textOf(status.delayNs),
  };
  if (!capacity) return said;
  const { original, periodNs } = capacity;
  return { ...said, capacity: { capacity: Number(capacity.capacity), original: Number(original), per_ns: textOf(periodNs) } };
}

test("every step of every vector gives the decision, the numbers and the bytes that stand there", () => {
  runVectors("module-node", new Host());
});
