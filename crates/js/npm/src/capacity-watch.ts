import type { Capacity } from "./capacity.js";
import { TIME_MS_MAX, options as checkedOptions, wholeNumber } from "./check.js";
import type { Clock } from "./clock.js";

/** How often a store is polled by default. */
const EVERY_MS_DEFAULT = 1_000;

/** Options of watching. */
export interface WatchOptions {
  /** The time between two polls (1,000 ms), at least 10. */
  readonly everyMs?: number;
}

/**
 * Polls, and reports each change except those already there at the first poll. What `tell`
 * throws nobody can catch: it is an unhandled rejection, and polling goes on.
 */
export function watchCapacity(
  clock: Clock,
  look: () => Promise<Capacity | undefined>,
  tell: (capacity: Capacity) => void,
  options: WatchOptions | undefined,
): () => void {
  checkedOptions(options, ["everyMs"]);
  const { everyMs = EVERY_MS_DEFAULT } = options ?? {};
  wholeNumber("everyMs", everyMs, 10, TIME_MS_MAX);
  let seen: string | undefined;
  let cancel = () => {};
  let isOver = false;
  const lookOnce = async () => {
    const capacity = await look().catch(() => null);
    if (isOver) return;
    cancel = clock.after(everyMs, () => void lookOnce());
    if (capacity === null) return;
    const change = JSON.stringify(capacity?.change ?? null);
    const isNew = seen !== undefined && seen !== change;
    seen = change;
    if (isNew && capacity !== undefined) tell(capacity);
  };
  void lookOnce();
  return () => {
    isOver = true;
    cancel();
  };
}
