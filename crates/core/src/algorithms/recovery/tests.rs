//! Recovery against rational powers, and the ways in which others lose it.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]

use num_bigint::BigInt;
use proptest::prelude::*;
use std::vec::Vec;

use super::*;
use crate::algorithms::rule::laws::{any_magnitude, config};

/// Most stretches that there can be.
const STRETCHES_MAX: usize = 3_700;

fn of(factor_permille: u64, ceiling_permille: u64) -> Recovery {
    Recovery { factor_permille, ceiling_permille, ..Recovery::default() }
}

fn stretches(recovery: Recovery, original: u64, to: u64) -> Vec<Stretch> {
    let reduction = Reduction { to, since: Timestamp::from_secs(1_800_000_000) };
    recovery.stretches(original, Some(reduction)).collect()
}

fn capacities(recovery: Recovery, original: u64, to: u64) -> Vec<u64> {
    stretches(recovery, original, to).iter().map(|stretch| stretch.capacity).collect()
}

fn any_recovery() -> impl Strategy<Value = Recovery> {
    (any_magnitude(), 0..4_u8, any_magnitude(), any_magnitude()).prop_map(
        |(factor, kind, ceiling, interval)| Recovery {
            interval: Span::from_nanos(interval.clamp(1, Span::MAX.as_nanos())),
            // Few steps, mostly: they are compared in rational numbers.
            factor_permille: match kind {
                0 => 1_100,
                1 => 1_500 + factor % 10_000,
                _ => factor.clamp(1_200, FACTOR_PERMILLE_MAX),
            },
            ceiling_permille: if kind % 2 == 0 {
                1_000
            } else {
                ceiling.clamp(1_000, FACTOR_PERMILLE_MAX)
            },
        },
    )
}

/// Without a reduction the capacity is the same for ever.
#[test]
fn nothing_reduced_is_steady() {
    let stretches: Vec<Stretch> = of(1_100, 2_000).stretches(7, None).collect();
    assert_eq!(stretches, [Stretch { capacity: 7, exact: scaled(7), end: None }]);
}

proptest! {
    #![proptest_config(config())]

    /// After every step the capacity is that of rational arithmetic, or below it by less than a unit
    /// and what rounding down by 2^-32 in each step came to; it is never above.
    #[test]
    fn grows_like_a_rational_power(recovery in any_recovery(), original in any_magnitude(), to in any_magnitude()) {
        let original = original.clamp(1, UNITS_MAX);
        let to = to.clamp(1, original);
        let (one, ceiling) = (BigInt::from(1), BigInt::from(recovery.ceiling(original)));
        // All of it times a power of 1,000, so that it is whole; what is lost times 2^32 too.
        let (mut exact, mut lost, mut scale) = (BigInt::from(to), BigInt::ZERO, one);
        for capacity in capacities(recovery, original, to) {
            let (capacity, due) = (&scale * capacity, exact.clone().min(&scale * &ceiling));
            prop_assert!(capacity <= due);
            prop_assert!((due - capacity - &scale) << FRACTION_BITS < lost.clone().max(1.into()));
            (exact, scale) = (exact * recovery.factor_permille, scale * 1_000);
            lost = lost * recovery.factor_permille + &scale;
        }
    }

    /// It only ever grows, one stretch follows the other, and the last one is the ceiling and has no
    /// end; where the end of time comes first, it is the last.
    #[test]
    fn stretches_follow_each_other(
        recovery in any_recovery(), original in any_magnitude(), to in any_magnitude(), since in any_magnitude(),
    ) {
        let original = original.clamp(1, UNITS_MAX);
        let reduction = Reduction { to: to.clamp(1, original), since: Timestamp::from_nanos(since) };
        let stretches: Vec<Stretch> = recovery.stretches(original, Some(reduction)).collect();
        prop_assert_eq!(stretches[0].capacity, reduction.to);
        let mut start = reduction.since.as_nanos();
        for pair in stretches.windows(2) {
            prop_assert!(pair[0].capacity <= pair[1].capacity);
            let end = start + recovery.interval.as_nanos();
            prop_assert_eq!(pair[0].end, Some(end));
            start = end;
        }
        let last = stretches.last().expect("at least one");
        prop_assert_eq!(last.end, None);
        let time_ends = start.checked_add(recovery.interval.as_nanos()).is_none();
        prop_assert!(time_ends || last.capacity == recovery.ceiling(original));
    }

    /// The steps are bounded, for all numbers that a policy may have.
    #[test]
    fn steps_are_bounded(
        factor in FACTOR_PERMILLE_MIN..=2 * FACTOR_PERMILLE_MIN, ceiling in any_magnitude(),
        original in any_magnitude(), to in any_magnitude(),
    ) {
        let original = original.clamp(1, UNITS_MAX);
        let recovery = of(factor, ceiling.clamp(1_000, FACTOR_PERMILLE_MAX));
        let recovery = Recovery { interval: Span::from_nanos(1), ..recovery };
        let reduction = Reduction { to: to.clamp(1, original), since: Timestamp::EPOCH };
        prop_assert!(recovery.stretches(original, Some(reduction)).count() < STRETCHES_MAX);
    }
}

/// The most steps that there can be: the smallest factor, from one unit to the most.
#[test]
fn the_longest_recovery() {
    let recovery = of(FACTOR_PERMILLE_MIN, 1_000);
    let capacities = capacities(recovery, UNITS_MAX, 1);
    assert!((3_600..STRETCHES_MAX).contains(&capacities.len()), "{}", capacities.len());
    assert_eq!(capacities.last(), Some(&UNITS_MAX));
}

/// Whoever keeps whole units is stuck below ten: a tenth of them is less than a unit. Here 1 recovers
/// to 10 in the 25 steps that it takes 1.1 to do so.
#[test]
fn one_recovers_to_ten() {
    let expected = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 10];
    assert_eq!(capacities(Recovery::default(), 10, 1), expected);
}

/// Nine stays nine for one step, and is ten after the second.
#[test]
fn nine_recovers_to_ten() {
    assert_eq!(capacities(Recovery::default(), 10, 9), [9, 9, 10]);
}

/// 10 that are reduced to 5 and tripled are 15 after one interval, when the ceiling lets them.
#[test]
fn beyond_the_original_when_told_so() {
    assert_eq!(capacities(of(3_000, 2_000), 10, 5), [5, 15, 20]);
    assert_eq!(capacities(of(3_000, 1_000), 10, 5), [5, 10]);
}

/// What was reduced again above the original goes on from there.
#[test]
fn reduced_above_the_original() {
    assert_eq!(capacities(of(1_100, 2_000), 10, 18), [18, 19, 20]);
}
