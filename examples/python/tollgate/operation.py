"""What can be done to a key. Costs are one number per limit, in the policy's order."""

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import id_bytes, utf8, whole
from .errors import Invalid
from .layout import LIMITS_MAX, OPERATION

NO_ID = bytes(16)
UNITS_MAX = 2**53 - 1
SOURCE_BYTES_MAX, REASON_BYTES_MAX = 64, 256
HAS_HOLD, HAS_ONCE, HAS_COSTS = 1, 2, 4

# What these numbers are to each kind of operation, for messages.
PERMILLES = {0: "share_permille", 9: "factor_permille"}
SPANS = {0: "ttl_ns", 3: "ttl_ns", 8: "per_ns"}


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold and its life: an id of 16 bytes, drawn at random."""

    id: bytes
    ttl_ns: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Made by the functions of this module."""

    kind: int
    flags: int = 0
    permille: int = 0
    limit: int = 0
    span_ns: int = 0
    units: int = 0
    hold: bytes = NO_ID
    once: bytes = NO_ID
    costs: tuple[int, ...] = ()
    source: str = ""
    reason: str = ""

    def pack(self, limits: int) -> bytes:
        """The operation's bytes, under a policy of so many limits."""
        if not all(type(units) is int and 0 <= units <= UNITS_MAX for units in self.costs):
            raise Invalid("costs: must be whole numbers, 0 to 2^53 - 1")
        if (self.kind in (0, 4) or self.flags & HAS_COSTS) and len(self.costs) != limits:
            raise Invalid(f"costs: must be one per limit: {limits}, not {len(self.costs)}")
        source, reason = utf8("source", self.source, SOURCE_BYTES_MAX), utf8("reason", self.reason, REASON_BYTES_MAX)
        costs = (*self.costs, *(0,) * LIMITS_MAX)[:LIMITS_MAX]
        return OPERATION.pack(
            self.kind,
            self.flags,
            whole(PERMILLES.get(self.kind, "permille"), self.permille, 0, 1_000),
            whole("limit", self.limit, 0, 2**32 - 1),
            whole(SPANS.get(self.kind, "span_ns"), self.span_ns, 0, 2**64 - 1),
            whole("units", self.units, 0, UNITS_MAX),
            id_bytes("id of the hold", self.hold),
            id_bytes("id of the request", self.once),
            *costs, len(source), len(reason), source, reason,
        )


def acquire(
    costs: Sequence[int], *, hold: Hold | None = None, once: bytes | None = None, share_permille: int = 1_000
) -> Operation:
    """Asks for costs: all are charged (or held), or none. All 0 without a hold is a peek."""
    if not isinstance(hold, Hold | None):
        raise Invalid(f"hold: must be a Hold, not {type(hold).__name__}")
    flags = (HAS_HOLD if hold else 0) | (HAS_ONCE if once is not None else 0)
    id, ttl_ns = (hold.id, hold.ttl_ns) if hold else (NO_ID, 0)
    request = NO_ID if once is None else once
    return Operation(0, flags, share_permille, span_ns=ttl_ns, hold=id, once=request, costs=listed(costs))


def settle(hold: bytes, costs: Sequence[int] | None = None) -> Operation:
    """Ends a hold and charges what it came to; what was held, without costs."""
    return Operation(1, HAS_COSTS if costs is not None else 0, hold=hold, costs=listed(costs or ()))


def release(hold: bytes) -> Operation:
    """Ends a hold and charges nothing."""
    return Operation(2, hold=hold)


def renew(hold: Hold) -> Operation:
    """Gives a hold so long a life from now on."""
    return Operation(3, hold=hold.id, span_ns=hold.ttl_ns)


def penalise(costs: Sequence[int]) -> Operation:
    """Charges costs, whether there is room or not."""
    return Operation(4, costs=listed(costs))


def block(span_ns: int) -> Operation:
    """Lets nothing pass for so long; 0 ends a block."""
    return Operation(5, span_ns=span_ns)


def reset() -> Operation:
    """Forgets everything about the key."""
    return Operation(6)


def lower(limit: int, remaining: int) -> Operation:
    """Leaves at most so many units of the limit at this position."""
    return Operation(7, limit=limit, units=remaining)


def set_capacity(limit: int, capacity: int | None, *, per_ns: int = 0, source: str, reason: str) -> Operation:
    """Sets the capacity of an adaptive limit; None goes back to the policy's."""
    if capacity is not None:
        whole("capacity", capacity, 1, UNITS_MAX)
    return Operation(8, limit=limit, units=capacity or 0, span_ns=per_ns, source=source, reason=reason)


def reduce(limit: int, factor_permille: int = 500, *, source: str, reason: str) -> Operation:
    """Reduces the capacity of an adaptive limit. It recovers by itself."""
    return Operation(9, permille=factor_permille, limit=limit, source=source, reason=reason)


def listed(costs: Sequence[int]) -> tuple[int, ...]:
    """Costs in the policy's order, which a single number or numbers by name don't have."""
    if not isinstance(costs, Sequence) or isinstance(costs, str):
        raise Invalid(f"costs: must be a list of one number per limit, not {type(costs).__name__}")
    return tuple(costs)
