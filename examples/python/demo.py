"""Three requests at once, and one more every 20 seconds."""

from tollgate import Limiter, token_bucket

limiter = Limiter([token_bucket("requests", 3, 3, per_ns=60_000_000_000)])
for request in range(1, 5):
    decision = limiter.try_acquire("alice")
    wait = f", again in {decision.retry_after_ns // 1_000_000} ms" if decision.retry_after_ns else ""
    print(f"request {request}: {decision.verdict}, {decision.limits[0].remaining} left{wait}")
