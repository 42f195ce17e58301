"""The plain module in wasmtime: decisions over records that the caller keeps."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import RLock

import wasmtime

from .checks import nanos, whole
from .decision import EFFECTS, VERDICTS, Capacity, Decision, LimitStatus
from .errors import MESSAGES, DeadlineExceeded, Invalid, NotTollgate, OutOfMemory
from .layout import ABI_VERSION, DECISION, DECISION_AT, LIMIT, LIMITS_MAX, NEVER_NS, OPERATION_AT, RECORD_AT, STATUS
from .layout import STATUSES_AT
from .limit import Limit
from .operation import Operation

WHERE_FROM = "`cargo xtask wasm` makes module.wasm"

MEMORY_BYTES_MAX = 256 * 1024 * 1024
"""Room for about 500,000 keys."""

FUEL_MAX = 1_000_000_000
"""Instructions per call: about a second, and more than any call of tollgate's takes."""


class Module:
    """An instance of module.wasm. Threads take turns."""

    def __init__(
        self, path: str | Path | None = None, *, memory_bytes_max: int = MEMORY_BYTES_MAX, fuel_max: int = FUEL_MAX
    ) -> None:
        """`memory_bytes_max` bounds its memory, `fuel_max` the instructions of one call."""
        whole("memory_bytes_max", memory_bytes_max, 1, 2**32)
        whole("fuel_max", fuel_max, 1, 2**63 - 1)
        self.lock = RLock()
        self._store = wasmtime.Store(engine())
        self._store.set_limits(memory_size=memory_bytes_max)
        self._fuel_max = fuel_max
        self._counts: dict[int, int] = {}
        self._ended: str | None = None
        exports = self._instantiate(Path(path) if path else Path(__file__).with_name("module.wasm"))
        self._functions = {name: it for name, it in exports.items() if isinstance(it, wasmtime.Func)}
        version = self.call("tollgate_abi_version") if "tollgate_abi_version" in self._functions else None
        memory = exports.get("memory")
        if version != ABI_VERSION or not isinstance(memory, wasmtime.Memory):
            what = "it is not tollgate's" if version is None else f"it speaks version {version}"
            raise NotTollgate(f"{path}: {what}, and version {ABI_VERSION} is wanted; {WHERE_FROM} of the same release")
        self._memory = memory
        self._exchange = self.call("tollgate_exchange")
        self._record_bytes_max = self.call("tollgate_record_bytes_max")

    def _instantiate(self, path: Path) -> dict[str, object]:
        try:
            module = compiled(path)
            instance = wasmtime.Instance(self._store, module, [])
        except OSError as error:
            raise NotTollgate(f"{path}: it can't be read: {error.strerror}; {WHERE_FROM}") from error
        except wasmtime.WasmtimeError as error:
            if "exceeds memory limits" in str(error):
                raise OutOfMemory(f"{path}: it needs more memory to start: raise memory_bytes_max") from error
            raise NotTollgate(f"{path}: it is no module without imports; {WHERE_FROM}") from error
        return {name: it for name, it in instance.exports(self._store).items() if name is not None}

    def open(self, limits: Sequence[Limit]) -> int:
        """Opens a policy; answers its id."""
        if not isinstance(limits, Sequence) or not all(isinstance(limit, Limit) for limit in limits):
            raise Invalid("limits: must be a list of what gcra, token_bucket and their like make")
        if len(limits) > LIMITS_MAX:
            raise Invalid(MESSAGES[-14])
        packed = b"".join(limit.pack() for limit in limits)
        with self.lock:
            self.write(0, packed)
            id = self.call("tollgate_policy_open", len(limits))
            if id <= -32:
                _, wrong, *_ = DECISION.unpack(self.read(DECISION_AT, DECISION.size))
                raise Invalid(f"limit {limits[wrong].name!r}: {MESSAGES[id]}")
            self._counts[checked(id)] = len(limits)
        return id

    def close(self, policy: int) -> None:
        """Forgets a policy."""
        with self.lock:
            self.count(policy)
            checked(self.call("tollgate_policy_close", policy))
            del self._counts[policy]

    def apply(self, policy: int, record: bytes | None, operation: Operation, now_ns: int) -> Decision:
        """Does `operation` at `now_ns` to a record, or to None: a key that was never seen."""
        record, now_ns = self._record(record or b""), nanos(now_ns)
        packed = packed_for(operation, self.count(policy))
        with self.lock:
            self.write(OPERATION_AT, packed)
            self.write(RECORD_AT, record)
            return self.decision(policy, self.call("tollgate_apply", policy, len(record), now_ns))

    def forget_after_ns(self, policy: int, record: bytes, now_ns: int) -> int | None:
        """How long after `now_ns` a record decides as none would."""
        record, now_ns = self._record(record), nanos(now_ns)
        self.count(policy)
        with self.lock:
            self.write(RECORD_AT, record)
            checked(self.call("tollgate_forget_after", policy, len(record), now_ns))
            return span(DECISION.unpack(self.read(DECISION_AT, DECISION.size))[5])

    def _record(self, record: object) -> bytes:
        if not isinstance(record, bytes | bytearray | memoryview):
            raise Invalid(f"record: must be bytes, not {type(record).__name__}")
        if len(record) > self._record_bytes_max:
            raise Invalid(MESSAGES[-3])
        return bytes(record)

    def count(self, policy: int) -> int:
        """How many limits the policy has."""
        if policy not in self._counts:
            raise Invalid(MESSAGES[-1])
        return self._counts[policy]

    def decision(self, policy: int, code: int) -> Decision:
        """What the last call decided, which answered `code`."""
        checked(code)
        statuses = self.read(STATUSES_AT, STATUS.size * self._counts[policy])
        record_bytes, _, retry_after, closed_for, delay, _ = DECISION.unpack(self.read(DECISION_AT, DECISION.size))
        return Decision(
            VERDICTS[code & 3],
            EFFECTS[code >> 2],
            span(retry_after),
            span(closed_for),
            delay,
            tuple(status(numbers) for numbers in STATUS.iter_unpack(statuses)),
            bytes(self.read(RECORD_AT, record_bytes)) if record_bytes else None,
        )

    def call(self, name: str, *args: int) -> int:
        """Calls an export of the module."""
        if self._ended is not None:
            raise OutOfMemory(self._ended)
        self._store.set_fuel(self._fuel_max)
        try:
            return int(self._functions[name](self._store, *args))
        except wasmtime.Trap as trap:
            raise self._end(trap) from trap

    def _end(self, trap: wasmtime.Trap) -> Exception:
        self._ended = "this module has ended by an error before: make a new one"
        if trap.trap_code == wasmtime.TrapCode.OUT_OF_FUEL:
            return DeadlineExceeded(f"a call took more than {self._fuel_max} instructions: raise fuel_max")
        return OutOfMemory("all memory is used: raise memory_bytes_max, or keep fewer keys")

    def write(self, at: int, value: bytes) -> None:
        self._memory.write(self._store, value, self._exchange + at)

    def read(self, at: int, length: int) -> bytearray:
        return self._memory.read(self._store, self._exchange + at, self._exchange + at + length)


@cache
def engine() -> wasmtime.Engine:
    """One for all: what is compiled by it can be used by every instance."""
    config = wasmtime.Config()
    config.consume_fuel = True
    return wasmtime.Engine(config)


@cache
def compiled(path: Path) -> wasmtime.Module:
    return wasmtime.Module.from_file(engine(), str(path))


def packed_for(operation: object, limits: int) -> bytes:
    """An operation's bytes, under a policy of so many limits."""
    if not isinstance(operation, Operation):
        raise Invalid(f"operation: must be what acquire, settle and their like make, not {type(operation).__name__}")
    return operation.pack(limits)


def checked(code: int) -> int:
    """The answer, or the error that it is."""
    if code < 0:
        raise Invalid(MESSAGES.get(code, f"error {code}"))
    return code


def span(nanos: int) -> int | None:
    return None if nanos == NEVER_NS else nanos


def status(numbers: tuple[int, ...]) -> LimitStatus:
    verdict, limit, remaining, held, retry_after, reset_after, delay, capacity, original, per_ns = numbers
    in_force = Capacity(capacity, original, per_ns) if capacity else None
    waits = (span(retry_after), span(reset_after), delay)
    return LimitStatus(VERDICTS[verdict], limit, remaining, held, *waits, in_force)
