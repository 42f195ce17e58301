"""A limiter in memory: many keys under one policy."""

import time
from array import array
from collections.abc import Callable, Mapping, Sequence

from .decision import Decision
from .errors import Full, Invalid
from .layout import BATCH_MAX, OPERATION_AT, SLOTS_AT, VERDICTS_AT
from .limit import Limit
from .module import Module, checked
from .operation import Operation, acquire

KEYS_MAX = 100_000
KEY_BYTES_MAX = 512
SLOTS_GROWN = 1_024
"""Slots are added so many at a time."""

Costs = int | Mapping[str, int] | Sequence[int]
"""Units for the only limit, units by limit name, or one number per limit in the policy's order."""


class Limiter:
    """Decides on keys in memory. For one thread at a time."""

    def __init__(
        self, limits: Sequence[Limit], *, keys_max: int = KEYS_MAX, clock: Callable[[], int] = time.time_ns,
        module: Module | None = None,
    ) -> None:
        """At most `keys_max` keys are kept. `clock` tells nanoseconds since the Unix epoch."""
        self._module = module or Module()
        self._policy = self._module.open(limits)
        self._keys_max = keys_max
        self._clock = clock
        self._slots: dict[str, int] = {}
        self._keys: list[str] = []
        self._slots_added = 0
        self._looked_at = 0
        self._names = tuple(limit.name for limit in limits)

    def try_acquire(self, key: str, costs: Costs | None = None) -> Decision:
        """Charges `costs`, by default 1 of each limit, or nothing."""
        return self.apply(key, acquire(self._in_order(costs)))

    def apply(self, key: str, operation: Operation) -> Decision:
        """Does `operation` to a key."""
        packed = operation.pack(len(self._names))
        now_ns = self._clock()
        slot = self._slot(key, now_ns)
        self._module.write(OPERATION_AT, packed)
        return self._module.decision(self._policy, self._module.call("tollgate_slot_apply", self._policy, slot, now_ns))

    def try_acquire_many(self, keys: Sequence[str], costs: Costs | None = None) -> list[bool]:
        """The same for many keys, each as if alone, in their order: which of them passed."""
        operation = acquire(self._in_order(costs))
        packed, now_ns = operation.pack(len(self._names)), self._clock()
        # All of them, before one is charged.
        for key in keys:
            if key not in self._slots:
                checked_key(key)
        passed: list[bool] = []
        for start in range(0, len(keys), BATCH_MAX):
            self._module.write(OPERATION_AT, packed)
            passed += self._acquire_batch(keys[start : start + BATCH_MAX], operation, now_ns)
        return passed

    def _in_order(self, costs: Costs | None) -> Sequence[int]:
        if costs is None:
            return (1,) * len(self._names)
        if isinstance(costs, Mapping):
            if costs.keys() != set(self._names):
                raise Invalid(f"costs: must be given by name for each of {', '.join(self._names)}, and no other")
            return [costs[name] for name in self._names]
        if isinstance(costs, int):
            if len(self._names) != 1:
                raise Invalid(f"costs: must be given for each of {', '.join(self._names)}")
            return (costs,)
        return costs

    def _acquire_batch(self, keys: Sequence[str], operation: Operation, now_ns: int) -> list[bool]:
        fresh = {key for key in keys if key not in self._slots}
        if len(self._keys) + len(fresh) > self._keys_max:
            # A slot that is reused for one of these keys may be that of another.
            return [bool(self.apply(key, operation)) for key in keys]
        for key in fresh:
            self._slot(key, now_ns)
        slots = array("I", map(self._slots.__getitem__, keys))
        self._module.write(SLOTS_AT, slots.tobytes())
        checked(self._module.call("tollgate_slots_acquire", self._policy, len(keys), now_ns))
        return [verdict == 0 for verdict in self._module.read(VERDICTS_AT, len(keys))]

    def _slot(self, key: str, now_ns: int) -> int:
        """The slot of a key; a new one of a key that has none."""
        slot = self._slots.get(checked_key(key))
        if slot is not None:
            return slot
        if len(self._keys) < self._keys_max:
            slot = len(self._keys)
            self._grow(slot)
            self._keys.append(key)
        else:
            slot = self._reuse(now_ns)
            del self._slots[self._keys[slot]]
            self._keys[slot] = key
        self._slots[key] = slot
        return slot

    def _grow(self, slot: int) -> None:
        if slot < self._slots_added:
            return
        count = min(SLOTS_GROWN, self._keys_max - slot)
        checked(self._module.call("tollgate_slots_add", self._policy, count))
        self._slots_added += count

    def _reuse(self, now_ns: int) -> int:
        """A slot whose key decides as one that was never seen would: forgetting it forgets no debt."""
        for start, end in ((self._looked_at, self._keys_max), (0, self._looked_at)):
            call = self._module.call
            slot = call("tollgate_slots_forgettable", self._policy, start, end - start, now_ns)
            if slot >= 0:
                self._looked_at = slot + 1
                checked(call("tollgate_slot_clear", self._policy, slot))
                return slot
        raise Full(f"all {self._keys_max} keys still matter: raise keys_max, or come back later")


def checked_key(key: str) -> str:
    """The key, if it is one."""
    if not isinstance(key, str):
        raise Invalid(f"key: must be a str, not {type(key).__name__}")
    try:
        length = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError as error:
        raise Invalid("key: must not have half of a surrogate pair") from error
    if not 1 <= length <= KEY_BYTES_MAX:
        raise Invalid(f"key: must be 1 to {KEY_BYTES_MAX} bytes")
    return key
