import type { ManualClock } from "tollgate";

/** How many promises may wait for one another between two steps of the clock. */
const TURNS = 100;

/** Lets everything that can go on go on, for so many milliseconds of this clock. */
export async function goOn(clock: ManualClock, millis: number): Promise<void> {
  for (let step = 0; step <= millis; step += 10) {
    if (step > 0) clock.advance(10);
    for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
  }
}
