import { callable } from "./check.js";
import type { Clock } from "./clock.js";
import { asyncDispose } from "./dispose.js";

/** What is held while work goes on. */
interface Held extends AsyncDisposable {
  renew(ttlMs: number): boolean | Promise<boolean>;
}

/** Does `work` with what `reserve` holds, renews that until work has ended, however it does, and then settles it. */
export async function withSlot<H extends Held, T>(
  clock: Clock,
  ttlMs: number,
  reserve: () => Promise<H>,
  work: (held: H) => T | Promise<T>,
): Promise<T> {
  callable("work", work);
  const held = await reserve();
  const stop = keepRenewed(clock, held, ttlMs);
  try {
    return await work(held);
  } finally {
    stop();
    try {
      await held[asyncDispose]();
    } catch {
      // What can't be settled expires by itself, and the result of `work` matters more.
    }
  }
}

/** Renews a hold until it is over, or the returned function is called. */
function keepRenewed(clock: Clock, held: Held, ttlMs: number): () => void {
  let isOver = false;
  let cancel = () => {};
  // After a third of its life: a store that fails once can be asked again in time.
  const renewLater = () => {
    if (!isOver) cancel = clock.after(ttlMs / 3, renew);
  };
  const renew = () => {
    try {
      const renewed = held.renew(ttlMs);
      // What is in memory is renewed at once, however far a clock goes in one step.
      if (renewed instanceof Promise) void renewed.then((isThere) => isThere && renewLater(), renewLater);
      else if (renewed) renewLater();
    } catch {
      // With its limiter the hold is gone, and a timer is no place to complain.
    }
  };
  renewLater();
  return () => {
    isOver = true;
    cancel();
  };
}
