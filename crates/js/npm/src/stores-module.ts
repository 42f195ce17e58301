let start: (() => Promise<unknown>) | undefined;
let started: Promise<unknown> | undefined;

/** Remembers how an entry starts the module of the machines. Limiting in memory never needs it. */
export function storesBy(how: () => Promise<unknown>): void {
  start = how;
}

/** Starts the module, unless already started. A failed load is retried the next time. */
export async function storesStarted(): Promise<void> {
  if (start === undefined) throw new Error("tollgate is imported by one of its entries, which start the module");
  started ??= start();
  try {
    await started;
  } catch (error) {
    started = undefined;
    throw error;
  }
}
