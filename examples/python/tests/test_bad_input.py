"""What a host may be given: other files, other versions, too little memory, too little time."""

import tempfile
import time
import unittest
from pathlib import Path

import wasmtime

import tollgate as t


def requests() -> t.Limit:
    return t.gcra("requests", 10, per_ns=1_000_000_000)


class Files(unittest.TestCase):
    def module(self, content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "some.wasm"
            path.write_bytes(content)
            t.Module(path)

    def test_a_file_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(t.NotTollgate, "No such file or directory; `cargo xtask wasm`"):
            t.Module("nowhere.wasm")

    def test_a_file_that_is_no_module(self) -> None:
        with self.assertRaisesRegex(t.NotTollgate, "no module without imports; `cargo xtask wasm`"):
            self.module(b"hello")

    def test_a_module_that_is_not_tollgates(self) -> None:
        with self.assertRaisesRegex(t.NotTollgate, "not tollgate's, and version 1 is wanted"):
            self.module(bytes(wasmtime.wat2wasm("(module)")))

    def test_a_module_of_another_version(self) -> None:
        wat = '(module (memory (export "memory") 1) (func (export "tollgate_abi_version") (result i32) i32.const 2))'
        with self.assertRaisesRegex(t.NotTollgate, "speaks version 2, and version 1 is wanted"):
            self.module(bytes(wasmtime.wat2wasm(wat)))


class Resources(unittest.TestCase):
    def test_a_module_with_too_little_memory_to_start(self) -> None:
        with self.assertRaisesRegex(t.OutOfMemory, "raise memory_bytes_max"):
            t.Module(memory_bytes_max=65_536)
        for name in ("memory_bytes_max", "fuel_max"):
            for number in (0, -1, 1.5, "1"):
                with self.assertRaisesRegex(t.Invalid, f"^{name}: must be a whole number"):
                    t.Module(**{name: number})  # type: ignore[arg-type]

    def test_a_limiter_with_too_little_memory_for_its_keys_ends(self) -> None:
        limiter = t.Limiter([requests()], module=t.Module(memory_bytes_max=2 * 1024 * 1024))
        with self.assertRaisesRegex(t.OutOfMemory, "raise memory_bytes_max, or keep fewer keys"):
            limiter.try_acquire_many([str(number) for number in range(100_000)])
        with self.assertRaisesRegex(t.OutOfMemory, "make a new one"):
            limiter.try_acquire("1")

    def test_a_call_that_takes_too_long_is_ended(self) -> None:
        module = t.Module(fuel_max=20_000)
        limiter = t.Limiter([requests()], module=module)
        with self.assertRaisesRegex(t.DeadlineExceeded, "more than 20000 instructions: raise fuel_max"):
            limiter.try_acquire_many(["alice"] * 1_024)


class Arguments(unittest.TestCase):
    def setUp(self) -> None:
        self.module = t.Module()
        self.policy = self.module.open([requests()])

    def test_a_limit_that_can_not_be_is_named(self) -> None:
        second = "second"
        rows = [
            (t.gcra("", 1, per_ns=1), "limit '': name"),
            (t.gcra("x" * 65, 1, per_ns=1), "name: must be at most 64 bytes"),
            (t.gcra(second, 0, per_ns=1), "limit 'second': limit"),
            (t.gcra(second, 1, per_ns=1, burst=0), "limit 'second': burst"),
            (t.gcra(second, 1, per_ns=0), "limit 'second': per_ns"),
            (t.gcra(second, -1, per_ns=1), "limit 'second': numbers"),
            (t.token_bucket(second, 5, 1, per_ns=1, initial=6), "limit 'second': initial"),
            (t.fixed_window(second, 1, window="year"), "limit 'second': window"),
            (t.fixed_window(second, 1, per_ns=1, utc_offset_secs=64_801), "limit 'second': utc_offset_secs"),
            (t.adaptive(second, 1, per_ns=1, recovery_factor_permille=1_000), "limit 'second': recovery"),
            (requests(), "two have the same name"),
        ]
        for limit, message in rows:
            with self.assertRaisesRegex(t.Invalid, message):
                self.module.open([requests(), limit])
        with self.assertRaisesRegex(t.Invalid, "at most 16"):
            self.module.open([requests()] * 17)

    def test_a_wrong_policy_record_or_operation_is_an_error_and_the_module_lives_on(self) -> None:
        one, id = t.acquire([1]), bytes(16)
        rows = [
            (self.policy + 1, None, one, "no policy"),
            (self.policy, b"\x09", one, "no record"),
            (self.policy, bytes(2**20), one, "too long"),
            (self.policy, None, t.acquire([1, 1]), "costs: must be one per limit: 1, not 2"),
            (self.policy, None, t.acquire([2**53]), "costs"),
            (self.policy, None, t.acquire([1], share_permille=0), "share"),
            (self.policy, None, t.acquire([1], hold=t.Hold(id, 0)), "ttl_ns"),
            (self.policy, None, t.settle(b"short"), "id of the hold: must have 16 bytes"),
            (self.policy, None, t.acquire([1], once=b""), "id of the request: must have 16 bytes"),
            (self.policy, None, t.acquire([True]), "costs"),
            (self.policy, None, t.block(-1), "span_ns: must be a whole number, 0 to"),
            (self.policy, None, t.lower(-1, 1), "limit: must be a whole number, 0 to"),
            (self.policy, None, t.reduce(0, source="\ud800", reason=""), "source: must not have half"),
            (self.policy, None, t.reduce(0, 1_000, source="", reason=""), "factor_permille"),
            (self.policy, None, t.reduce(0, source="x" * 65, reason=""), "source"),
            (self.policy, None, t.set_capacity(0, 1, source="", reason=""), "capacity"),
        ]
        for policy, record, operation, message in rows:
            with self.assertRaisesRegex(t.Invalid, message):
                self.module.apply(policy, record, operation, 5)
        for no_record in ("\x01", [1], 5):
            with self.assertRaisesRegex(t.Invalid, "^record: must be bytes"):
                self.module.apply(self.policy, no_record, one, 5)  # type: ignore[arg-type]
        for no_operation in (None, "acquire"):
            with self.assertRaisesRegex(t.Invalid, "^operation: must be what acquire"):
                self.module.apply(self.policy, None, no_operation, 5)  # type: ignore[arg-type]
        decision = self.module.apply(self.policy, None, one, 5)
        self.assertTrue(decision)
        assert decision.record is not None
        self.assertEqual(self.module.forget_after_ns(self.policy, decision.record, 5), 100_000_000)
        self.module.close(self.policy)
        with self.assertRaisesRegex(t.Invalid, "no policy"):
            self.module.close(self.policy)

    def test_what_is_no_key_cost_or_limit_is_an_error_and_nothing_is_charged(self) -> None:
        limiter = t.Limiter([requests()])
        for no_key in ("", "x" * 513, "\ud800", 5, None, b"alice"):
            with self.assertRaisesRegex(t.Invalid, "^key: must "):
                limiter.try_acquire(no_key)  # type: ignore[arg-type]
            with self.assertRaisesRegex(t.Invalid, "^key: must "):
                limiter.try_acquire_many([*["alice"] * 2_000, no_key])  # type: ignore[list-item]
        for no_costs in (-1, 2**53, 1.5, {"tokens": 1}, {}, {"requests": "1"}, "1", [1.5], [-1], [2**53], [None], True):
            with self.assertRaisesRegex(t.Invalid, "^costs: must be "):
                limiter.try_acquire("alice", no_costs)  # type: ignore[arg-type]
        for no_keys in ("alice", None, 5):
            with self.assertRaisesRegex(t.Invalid, "^keys: must be a list of keys"):
                limiter.try_acquire_many(no_keys)  # type: ignore[arg-type]
        for keys_max in (0, -1, 1.5, None, 1_048_577):
            with self.assertRaisesRegex(t.Invalid, "^keys_max: must be a whole number, 1 to 1048576"):
                t.Limiter([requests()], keys_max=keys_max)  # type: ignore[arg-type]
        for no_limits in (None, "100/minute", [5], [requests(), None]):
            with self.assertRaisesRegex(t.Invalid, "^limits: must be "):
                t.Limiter(no_limits)  # type: ignore[arg-type]
        self.assertEqual(limiter.try_acquire("alice", [0]).limits[0].remaining, 10)

    def test_a_clock_that_tells_no_nanoseconds_is_an_error(self) -> None:
        for no_time in (-1, 2**64, time.time(), None):
            limiter = t.Limiter([requests()], clock=lambda: no_time)  # type: ignore[arg-type, return-value]
            for ask in (lambda: limiter.try_acquire("alice"), lambda: limiter.try_acquire_many(["alice"])):
                with self.assertRaisesRegex(t.Invalid, "^now_ns: .*as time.time_ns tells them"):
                    ask()
            with self.assertRaisesRegex(t.Invalid, "^now_ns"):
                self.module.apply(self.policy, None, t.acquire([1]), no_time)  # type: ignore[arg-type]

    def test_one_number_for_several_limits_is_an_error_that_names_them(self) -> None:
        limiter = t.Limiter([requests(), t.token_bucket("tokens", 10, 10, per_ns=1_000)])
        for no_costs in (1, {"requests": 1}, {"requests": 1, "tokens": 1, "bytes": 1}):
            with self.assertRaisesRegex(t.Invalid, "^costs: must be given .*requests, tokens"):
                limiter.try_acquire("alice", no_costs)
