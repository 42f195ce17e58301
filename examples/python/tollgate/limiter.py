"""A limiter in memory: many keys under one policy."""

import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

from .checks import nanos, utf8, whole
from .decision import Decision
from .errors import Full, Invalid
from .layout import BATCH_MAX, OPERATION_AT, SLOTS_AT, VERDICTS_AT
from .limit import Limit
from .module import Module, checked, packed_for
from .operation import Operation, acquire

KEYS_MAX = 100_000
SLOTS_MAX = 1_048_576
KEY_BYTES_MAX = 512
SLOTS_GROWN = 1_024
"""Slots are added so many at a time."""

Costs = int | Mapping[str, int] | Sequence[int]
"""Units for the only limit, units by limit name, or one number per limit in the policy's order."""


class Limiter:
    """Decides on keys in memory. Threads take turns."""

    def __init__(
        self, limits: Sequence[Limit], *, keys_max: int = KEYS_MAX, clock: Callable[[], int] = time.time_ns,
        module: Module | None = None,
    ) -> None:
        """At most `keys_max` keys are kept, up to 1,048,576. `clock` tells nanoseconds since the Unix epoch."""
        whole("keys_max", keys_max, 1, SLOTS_MAX)
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
        packed, now_ns = packed_for(operation, len(self._names)), nanos(self._clock())
        with self._module.lock:
            return self._apply(checked_key(key), packed, now_ns)

    def try_acquire_many(self, keys: Iterable[str], costs: Costs | None = None) -> list[bool]:
        """The same for many keys, each as if alone, in their order: which of them passed.

        Where there is no room for a key, `Full.passed` says what became of those before it.
        """
        packed = acquire(self._in_order(costs)).pack(len(self._names))
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise Invalid(f"keys: must be a list of keys, not {type(keys).__name__}")
        keys, now_ns = list(keys), nanos(self._clock())
        # All of them, before one is charged; those that are known were checked.
        for key in keys:
            if not isinstance(key, str) or key not in self._slots:
                checked_key(key)
        passed: list[bool] = []
        with self._module.lock:
            try:
                for start in range(0, len(keys), BATCH_MAX):
                    self._acquire_batch(keys[start : start + BATCH_MAX], packed, now_ns, passed)
            except Full as full:
                full.passed = tuple(passed)
                raise
        return passed

    def _apply(self, key: str, packed: bytes, now_ns: int) -> Decision:
        slot = self._slot(key, now_ns)
        self._module.write(OPERATION_AT, packed)
        return self._module.decision(self._policy, self._module.call("tollgate_slot_apply", self._policy, slot, now_ns))

    def _in_order(self, costs: Costs | None) -> Sequence[int]:
        if costs is None:
            return (1,) * len(self._names)
        if isinstance(costs, Mapping):
            if costs.keys() != set(self._names):
                raise Invalid(f"costs: must be given by name for each of {', '.join(self._names)}, and no other")
            return [costs[name] for name in self._names]
        if isinstance(costs, bool):
            raise Invalid("costs: must be whole numbers, not bool")
        if isinstance(costs, int):
            if len(self._names) != 1:
                raise Invalid(f"costs: must be given for each of {', '.join(self._names)}")
            return (costs,)
        return costs

    def _acquire_batch(self, keys: Sequence[str], packed: bytes, now_ns: int, passed: list[bool]) -> None:
        fresh = {key for key in keys if key not in self._slots}
        if len(self._keys) + len(fresh) > self._keys_max:
            # A slot that is reused for one of these keys may be that of another.
            for key in keys:
                passed.append(bool(self._apply(key, packed, now_ns)))
            return
        for key in fresh:
            self._slot(key, now_ns)
        slots = array("I", map(self._slots.__getitem__, keys))
        self._module.write(OPERATION_AT, packed)
        self._module.write(SLOTS_AT, slots.tobytes())
        checked(self._module.call("tollgate_slots_acquire", self._policy, len(keys), now_ns))
        passed += [verdict == 0 for verdict in self._module.read(VERDICTS_AT, len(keys))]

    def _slot(self, key: str, now_ns: int) -> int:
        """The slot of a key; a new one of a key that has none."""
        slot = self._slots.get(key)
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
    if isinstance(key, str) and key.isascii():
        length = len(key)
    else:
        length = len(utf8("key", key, KEY_BYTES_MAX))
    if not 1 <= length <= KEY_BYTES_MAX:
        raise Invalid(f"key: must be 1 to {KEY_BYTES_MAX} bytes")
    return key
