/** GCRA by hand, over a Map: the least that a keyed limiter in JavaScript can cost. */
export class Floor {
  readonly #tats = new Map<string, number>();
  readonly #intervalMs: number;
  readonly #toleranceMs: number;

  constructor(limit: number, perMs: number, burst: number) {
    this.#intervalMs = perMs / limit;
    this.#toleranceMs = this.#intervalMs * burst;
  }

  tryAcquire(key: string): { allowed: boolean; remaining: number; retryAfterMs: number } {
    const now = Date.now();
    const tat = Math.max(this.#tats.get(key) ?? 0, now) + this.#intervalMs;
    const room = now + this.#toleranceMs - tat;
    if (room < 0) return { allowed: false, remaining: 0, retryAfterMs: -room };
    this.#tats.set(key, tat);
    return { allowed: true, remaining: Math.floor(room / this.#intervalMs), retryAfterMs: 0 };
  }
}
