import type { Clock } from "./clock.js";

/** What `ask` answers, if it does within `ms`. A late answer is ignored. */
export function within<R>(clock: Clock, ms: number, who: string, ask: () => Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`${who} took longer than ${ms} ms`)));
    const settled = (settle: () => void) => {
      cancel();
      settle();
    };
    new Promise<R>((answer) => answer(ask())).then(
      (value) => settled(() => resolve(value)),
      (error: unknown) => settled(() => reject(error)),
    );
  });
}
