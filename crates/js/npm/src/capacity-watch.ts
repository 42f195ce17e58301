import type { Capacity } from "./capacity.js";
import { TIME_MS_MAX, options as checkedOptions, wholeNumber } from "./check.js";
import type { Clock } from "./clock.js";

/** How often a store is looked at unless it is told otherwise. */
const EVERY_MS_DEFAULT = 1_000;

/** What watching may be told. */
export interface WatchOptions {
  /** The time between two looks (1,000 ms), at least 10. */
  readonly everyMs?: number;
}

/**
 * Looks again and again, and tells of each change but those that were there at the first look. What `tell`
 * throws nobody can catch: it is an unhandled rejection, and the next look is made nevertheless.
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
