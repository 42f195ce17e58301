"""One rate limiter for every WebAssembly host, in Python.

>>> from tollgate import Limiter, token_bucket
>>> limiter = Limiter([token_bucket("requests", 3, 3, per_ns=60_000_000_000)], clock=lambda: 0)
>>> [bool(limiter.try_acquire("alice")) for _ in range(4)]
[True, True, True, False]
>>> limiter.try_acquire("alice").retry_after_ns
20000000000
"""

from .decision import Capacity, Decision, LimitStatus
from .errors import DeadlineExceeded, Error, Full, Invalid, NotTollgate, OutOfMemory
from .limit import Limit, adaptive, concurrency, fixed_window, gcra, interval_bucket, leaky_bucket, leaky_queue
from .limit import sliding_counter, sliding_log, token_bucket
from .limiter import Limiter
from .module import Module
from .operation import Hold, Operation, acquire, block, lower, penalise, reduce, release, renew, reset, set_capacity
from .operation import settle

__all__ = [
    "Capacity", "DeadlineExceeded", "Decision", "Error", "Full", "Hold", "Invalid", "Limit", "LimitStatus", "Limiter",
    "Module", "NotTollgate", "Operation", "OutOfMemory", "acquire", "adaptive", "block", "concurrency",
    "fixed_window", "gcra", "interval_bucket", "leaky_bucket", "leaky_queue", "lower", "penalise", "reduce",
    "release", "renew", "reset", "set_capacity", "settle", "sliding_counter", "sliding_log", "token_bucket",
]
