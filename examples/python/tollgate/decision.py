"""What is decided. Every span is in nanoseconds; None is never."""

from dataclasses import dataclass

VERDICTS = ("allowed", "limited", "impossible")
EFFECTS = ("none", "charged", "held", "repeated", "settled", "released", "renewed", "no-hold", "changed")


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is in force for an adaptive limit."""

    capacity: int
    original: int
    per_ns: int


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """Where one limit stands after a decision."""

    verdict: str
    limit: int
    remaining: int
    held: int
    retry_after_ns: int | None
    reset_after_ns: int | None
    delay_ns: int
    capacity: Capacity | None


@dataclass(frozen=True, slots=True)
class Decision:
    """True when the request may pass."""

    verdict: str
    effect: str
    retry_after_ns: int | None
    closed_for_ns: int | None
    delay_ns: int
    limits: tuple[LimitStatus, ...]
    record: bytes | None
    """The record to write; None when it did not change, or lives in a limiter."""

    def __bool__(self) -> bool:
        return self.verdict == "allowed"
