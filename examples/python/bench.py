"""Decisions a second beside `limits` and `throttled-py` in memory, in one run: `python bench.py`. 100 a minute, 10,000 keys in turn."""

import time
from collections.abc import Callable

import limits
import throttled

from tollgate import Limiter, sliding_log, token_bucket

ROUNDS = 5
MINUTE_NS = 60_000_000_000
KEYS = [f"user-{number}" for number in range(10_000)]


def measured(run: Callable[[], object]) -> float:
    """Nanoseconds of CPU time for each key: the median of some rounds, after one that makes the keys known."""
    run()
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        run()
        rounds.append((time.process_time_ns() - start) / len(KEYS))
    return sorted(rounds)[ROUNDS // 2]


def main() -> None:
    bucket = Limiter([token_bucket("requests", 100, 100, per_ns=MINUTE_NS)])
    log = Limiter([sliding_log("requests", 100, per_ns=MINUTE_NS)])
    storage, rate = limits.storage.MemoryStorage(), limits.parse("100/minute")
    fixed = limits.strategies.FixedWindowRateLimiter(storage)
    moving = limits.strategies.MovingWindowRateLimiter(storage)
    quota = throttled.rate_limiter.per_min(100, burst=100)
    memory = throttled.MemoryStore(options={"MAX_SIZE": len(KEYS)})
    tokens = throttled.Throttled(using="token_bucket", quota=quota, store=memory)
    gcra = throttled.Throttled(using="gcra", quota=quota, store=memory)
    rows = {
        "tollgate, token bucket, in batches": lambda: bucket.try_acquire_many(KEYS),
        "tollgate, sliding log, in batches": lambda: log.try_acquire_many(KEYS),
        "tollgate, token bucket, one by one": lambda: [bucket.try_acquire(key) for key in KEYS],
        "limits, fixed window": lambda: [fixed.hit(rate, key) for key in KEYS],
        "limits, moving window (a log)": lambda: [moving.hit(rate, key) for key in KEYS],
        "throttled-py, token bucket": lambda: [tokens.limit(key) for key in KEYS],
        "throttled-py, GCRA": lambda: [gcra.limit(key) for key in KEYS],
    }
    print("| Python | ns per decision |\n|---|--:|")
    for name, run in rows.items():
        print(f"| {name} | {measured(run):.0f} |")


if __name__ == "__main__":
    main()
