import { test } from "node:test";

import { runVectors, textOf } from "../../../tests/vectors/run.js";
import { limiter } from "../limiter.js";
import { limitOf, operationOf } from "../vector-types.js";

const host = {
  open(limits) {
    return { id: limiter.openPolicy(limits.map(limitOf)), names: limits.map(({ name }) => name) };
  },

  apply({ id, names }, before, operation, now) {
    const decision = limiter.apply(id, before, operationOf(operation, names), now);
    const { verdict, effect, record } = decision;
    const limits = decision.limits.map((status, index) => {
      const capacity = limiter.capacityOf(id, record ?? before, index, now);
      return { ...statusOf(status), ...(capacity && { capacity: capacityOf(capacity) }) };
    });
    return { verdict, effect, retry_after_ns: textOf(decision.retryAfter), limits, record };
  },
};

function statusOf({ verdict, limit, remaining, held, ...status }) {
  return {
    verdict,
    limit: Number(limit),
    remaining: Number(remaining),
    held: Number(held),
    retry_after_ns: textOf(status.retryAfter),
    reset_after_ns: textOf(status.resetAfter),
    delay_ns: textOf(status.delay),
  };
}

function capacityOf({ capacity, original, period }) {
  return { capacity: Number(capacity), original: Number(original), per_ns: textOf(period) };
}

test("every step of every vector gives the decision, the numbers and the bytes that stand there", () => {
  runVectors("jco", host);
});
