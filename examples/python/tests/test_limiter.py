"""The limiter in memory."""

import sys
import unittest
from threading import Thread

from tollgate import Full, Hold, Invalid, Limiter, acquire, settle, token_bucket

SECOND_NS = 1_000_000_000


class Clock:
    now_ns = 1_800_000_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now_ns


class LimiterTest(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def limiter(self, capacity: int = 3, keys_max: int = 1_000) -> Limiter:
        bucket = token_bucket("requests", capacity, capacity, per_ns=capacity * SECOND_NS)
        return Limiter([bucket], keys_max=keys_max, clock=self.clock)

    def test_a_key_gets_its_capacity_and_one_more_each_second(self) -> None:
        limiter = self.limiter()
        self.assertEqual([bool(limiter.try_acquire("a")) for _ in range(4)], [True, True, True, False])
        self.assertEqual(limiter.try_acquire("a").retry_after_ns, SECOND_NS)
        self.assertTrue(limiter.try_acquire("b"), "another key has a capacity of its own")
        self.clock.now_ns += SECOND_NS
        self.assertTrue(limiter.try_acquire("a"))

    def test_costs_are_a_number_numbers_by_name_or_a_list(self) -> None:
        limiter = self.limiter(capacity=10)
        self.assertEqual(limiter.try_acquire("a", 4).limits[0].remaining, 6)
        self.assertEqual(limiter.try_acquire("a", {"requests": 3}).limits[0].remaining, 3)
        self.assertEqual(limiter.try_acquire("a", [2]).limits[0].remaining, 1)
        llm = Limiter(
            [token_bucket("input", 900, 900, per_ns=SECOND_NS), token_bucket("output", 90, 90, per_ns=SECOND_NS)],
            clock=self.clock,
        )
        left = [limit.remaining for limit in llm.try_acquire("a", {"output": 50, "input": 200}).limits]
        self.assertEqual(left, [700, 40])
        self.assertEqual(llm.try_acquire_many(["a", "b"], {"input": 1, "output": 41}), [False, True])

    def test_a_batch_decides_as_calls_one_by_one_do(self) -> None:
        keys = [f"key-{number % 700}" for number in range(3_000)]
        alone, together = self.limiter(keys_max=700), self.limiter(keys_max=700)
        wanted = [bool(alone.try_acquire(key)) for key in keys]
        self.assertEqual(together.try_acquire_many(keys), wanted)
        self.assertEqual(sum(wanted), 700 * 3)

    def test_a_batch_that_has_no_room_for_all_its_keys_charges_none_to_another(self) -> None:
        limiter = self.limiter(keys_max=2)
        with self.assertRaises(Full) as raised:
            limiter.try_acquire_many(["a", "b", "c"])
        self.assertEqual(raised.exception.passed, (True, True), "what became of those before it")
        self.clock.now_ns += SECOND_NS
        self.assertEqual(limiter.try_acquire_many(["c", "d", "c", "c", "c"]), [True, True, True, True, False])

    def test_threads_take_turns_and_get_what_there_is_together(self) -> None:
        limiter, passed = self.limiter(capacity=1_000), []
        # They would get in each other's way seldom if they were interrupted seldom.
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-6)

        def ask() -> None:
            for number in range(200):
                passed.append(bool(limiter.try_acquire("a")))
                passed.extend(limiter.try_acquire_many(["a", f"key-{number}"])[:1])

        threads = [Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(passed), sum(passed)), (1_600, 1_000))

    def test_what_was_held_is_settled_for_what_it_came_to(self) -> None:
        limiter, id = self.limiter(capacity=10), bytes(range(16))
        held = limiter.apply("a", acquire([8], hold=Hold(id, SECOND_NS)))
        self.assertEqual((held.effect, held.limits[0].remaining), ("held", 2))
        self.assertEqual(limiter.apply("a", settle(id, [5])).limits[0].remaining, 5)

    def test_a_key_is_forgotten_only_when_it_decides_as_a_new_one_would(self) -> None:
        limiter = self.limiter(keys_max=2)
        limiter.try_acquire("a")
        limiter.try_acquire("b")
        with self.assertRaisesRegex(Full, "raise keys_max"):
            limiter.try_acquire("c")
        self.clock.now_ns += SECOND_NS
        self.assertTrue(limiter.try_acquire("c"))

    def test_keys_and_costs_have_bounds(self) -> None:
        limiter = self.limiter()
        for key in ("", "x" * 513):
            with self.assertRaisesRegex(Invalid, "key: must be 1 to 512 bytes"):
                limiter.try_acquire(key)
        for costs in ([], [1, 1], [2**53], [-1], [1.5]):
            with self.assertRaisesRegex(Invalid, "costs|numbers"):
                limiter.try_acquire("a", costs)  # type: ignore[arg-type]
            with self.assertRaisesRegex(Invalid, "costs|numbers"):
                limiter.try_acquire_many(["a"], costs)  # type: ignore[arg-type]
        self.assertEqual(limiter.try_acquire("a").limits[0].remaining, 2, "nothing was charged")
