"""Limits. Periods are in nanoseconds, units 0 to 2^53 - 1; wit/limiter explains every number."""

from dataclasses import dataclass, replace

from .checks import utf8, whole
from .errors import Invalid
from .layout import LIMIT

WINDOWS = ("aligned", "first-use", "day", "week", "month")


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule. Made by the functions of this module."""

    name: str
    algorithm: int
    numbers: tuple[int, ...]
    window: str = "aligned"
    utc_offset_secs: int = 0
    is_shadow: bool = False
    refuses_overrun: bool = False

    def shadow(self) -> "Limit":
        """The same, but it only watches."""
        return replace(self, is_shadow=True)

    def refuse_overrun(self) -> "Limit":
        """The same, but nothing more may be settled than was held."""
        return replace(self, refuses_overrun=True)

    def pack(self) -> bytes:
        name = utf8(f"limit {self.name!r}: name", self.name, 64)
        if self.window not in WINDOWS:
            raise Invalid(f"limit {self.name!r}: window: must be one of {', '.join(WINDOWS)}")
        flags = int(self.is_shadow) | int(self.refuses_overrun) << 1
        numbers = (*self.numbers, 0, 0, 0, 0)[:5]
        for number in numbers:
            whole(f"limit {self.name!r}: numbers", number, 0, 2**64 - 1)
        offset_secs = whole(f"limit {self.name!r}: utc_offset_secs", self.utc_offset_secs, -(2**31), 2**31 - 1)
        return LIMIT.pack(self.algorithm, flags, WINDOWS.index(self.window), len(name), offset_secs, *numbers, name)


def gcra(name: str, limit: int, *, per_ns: int, burst: int | None = None) -> Limit:
    return Limit(name, 0, (limit, limit if burst is None else burst, per_ns))


def token_bucket(name: str, capacity: int, refill: int, *, per_ns: int, initial: int | None = None) -> Limit:
    return Limit(name, 1, (capacity, refill, per_ns, capacity if initial is None else initial))


def interval_bucket(
    name: str, capacity: int, refill: int, *, per_ns: int = 0, initial: int | None = None,
    window: str = "aligned", utc_offset_secs: int = 0,
) -> Limit:
    numbers = (capacity, refill, per_ns, capacity if initial is None else initial)
    return Limit(name, 2, numbers, window, utc_offset_secs)


def leaky_bucket(name: str, capacity: int, leak: int, *, per_ns: int) -> Limit:
    return Limit(name, 3, (capacity, leak, per_ns))


def leaky_queue(name: str, capacity: int, leak: int, *, per_ns: int) -> Limit:
    return Limit(name, 4, (capacity, leak, per_ns))


def fixed_window(
    name: str, limit: int, *, per_ns: int = 0, window: str = "aligned", utc_offset_secs: int = 0
) -> Limit:
    return Limit(name, 5, (limit, 0, per_ns), window, utc_offset_secs)


def sliding_log(name: str, limit: int, *, per_ns: int) -> Limit:
    return Limit(name, 6, (limit, 0, per_ns))


def sliding_counter(name: str, limit: int, *, per_ns: int) -> Limit:
    return Limit(name, 7, (limit, 0, per_ns))


def concurrency(name: str, slots: int) -> Limit:
    return Limit(name, 8, (slots,))


def adaptive(
    name: str, capacity: int, *, per_ns: int, recovery_interval_ns: int = 30_000_000_000,
    recovery_factor_permille: int = 1_100, recovery_ceiling_permille: int = 1_000,
) -> Limit:
    recovery = (recovery_interval_ns, recovery_ceiling_permille)
    return Limit(name, 9, (capacity, recovery_factor_permille, per_ns, *recovery))
