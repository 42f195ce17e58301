//! Clocks that go back, records from clocks that were far ahead, and the end of time.

use proptest::prelude::*;
use tollgate_core::{Record, SKEW_MAX, Span, Timestamp, Verdict};

use crate::at_every_step;
use crate::rate::within_rate;
use crate::support::{Key, Numbers, config, magnitude, numbers, schedule, time};

const SKEW_NS: u64 = SKEW_MAX.as_nanos();

fn back(now: Timestamp, nanos: u64) -> Timestamp {
    Timestamp::from_nanos(now.as_nanos().saturating_sub(nanos))
}

/// The latest whole nanosecond at which a record of this limit is believed at `now`; all that there
/// are, where that is beyond 64 bits.
fn believed(numbers: Numbers, now: Timestamp) -> u64 {
    let Numbers { burst, refill, period } = numbers;
    // A budget's record counts units, whatever the time.
    let (now, full) = match refill {
        0 => (0, 2 * u128::from(burst)),
        // As much again may be debt.
        _ => (now.as_nanos(), 2 * u128::from(burst) * u128::from(period) / u128::from(refill)),
    };
    now.saturating_add(u64::try_from(full).unwrap()).saturating_add(SKEW_NS)
}

/// A key whose record says this TAT.
fn with_tat(numbers: Numbers, now: Timestamp, nanos: u64, part: u64) -> Key {
    let mut key = Key::new(numbers, now);
    key.ask(1);
    let mut bytes = key.bytes();
    bytes[7..15].copy_from_slice(&nanos.to_le_bytes());
    bytes[15..23].copy_from_slice(&part.to_le_bytes());
    key.record = Record::decode(&key.policy, &bytes).unwrap();
    key
}

proptest! {
    #![proptest_config(config())]

    /// Clocks that differ by up to the skew admit no more than one clock does, and heal nothing: a
    /// denial still writes nothing.
    #[test]
    fn skewed_clocks_stay_within_the_rate(
        numbers in numbers(),
        start in time(),
        steps in schedule(),
        skews in proptest::collection::vec(prop_oneof![Just(0), Just(SKEW_NS), 0..=SKEW_NS], 24),
    ) {
        let mut key = Key::new(numbers, start);
        let mut admitted = Vec::new();
        for (step, skew) in steps.into_iter().zip(skews) {
            let cost = key.advance(step);
            let latest = key.now;
            key.now = back(latest, skew);
            let answer = key.ask(cost);
            prop_assert_eq!(answer.changed, answer.verdict == Verdict::Allowed && cost > 0);
            if answer.verdict == Verdict::Allowed && cost > 0 {
                admitted.push((key.now, cost));
            }
            key.now = latest;
        }
        within_rate(numbers, &admitted)?;
    }

    /// A clock that goes back only makes callers wait, and only for as long as it went back.
    #[test]
    fn going_back_only_makes_callers_wait(
        numbers in numbers(),
        start in time(),
        steps in schedule(),
        skew in prop_oneof![Just(1), Just(SKEW_NS), 1..=SKEW_NS],
    ) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let earlier = back(key.now, skew);
            let (then, now) = (key.would(cost, earlier), key.would(cost, key.now));
            prop_assert!(then.verdict >= now.verdict);
            prop_assert!(key.would(0, earlier).remaining <= key.peek().remaining);
            prop_assert!(then.retry_after >= now.retry_after);
            if then.retry_after != Span::NEVER {
                let latest = now.retry_after.as_nanos() + key.now.since(earlier).as_nanos();
                prop_assert!(then.retry_after.as_nanos() <= latest);
            }
            Ok(())
        })?;
    }

    /// A record further ahead than twice the time to full and skew counts as used up, whatever is
    /// asked: that is written back, and it recovers like every limit that was used up.
    #[test]
    fn a_record_far_ahead_heals_to_used_up(
        numbers in numbers(),
        now in time(),
        ahead in prop_oneof![2 => Just(1), 1 => magnitude(1, u64::MAX)],
        part in any::<u64>(),
        cost in prop_oneof![Just(0), Just(1), magnitude(1, tollgate_core::UNITS_MAX)],
    ) {
        let Some(nanos) = believed(numbers, now).checked_add(ahead) else { return Ok(()) };
        let mut key = with_tat(numbers, now, nanos, part);
        let mut empty = Key::new(numbers, now);
        empty.ask(numbers.burst);

        let answer = key.ask(cost);
        prop_assert!(answer.changed);
        prop_assert_eq!(&key.record, &empty.record);
        let expected = empty.ask(cost);
        prop_assert_eq!((answer.verdict, answer.remaining), (expected.verdict, 0));
        prop_assert_eq!(answer.retry_after, expected.retry_after);
        let full = key.policy.limits()[0].period();
        let ends = full < Span::NEVER && now.plus(full) < Timestamp::MAX;
        // A wait that reaches the end of time is told as one that never ends.
        if ends {
            prop_assert_eq!(answer.reset_after, full);
            prop_assert_eq!(key.would(0, now.plus(full)).remaining, numbers.burst);
        }
    }

    /// Up to that, a record is believed: nothing is healed, and nothing passes before its time.
    #[test]
    fn a_record_within_the_skew_is_believed(numbers in numbers(), now in time(), before in 0..=SKEW_NS) {
        let mut key = with_tat(numbers, now, believed(numbers, now) - before, 0);
        let bytes = key.bytes();
        let answer = key.ask(1);
        prop_assert_eq!((answer.verdict, answer.changed), (Verdict::Limited, false));
        prop_assert_eq!(key.bytes(), bytes);
    }

    /// Whatever numbers a record holds, the first decision puts them right: the next one at the same
    /// time changes nothing but what it charges.
    #[test]
    fn healing_is_done_at_once(
        numbers in numbers(),
        now in time(),
        nanos in any::<u64>(),
        near in -2..=2_i64,
        part in prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0..=20_u64],
    ) {
        for nanos in [nanos, believed(numbers, now).saturating_add_signed(near)] {
            let mut key = with_tat(numbers, now, nanos, part);
            key.ask(0);
            let answer = key.ask(0);
            prop_assert!(!answer.changed);
            prop_assert!(answer.remaining <= numbers.burst);
        }
    }

    /// Time stands still at its end: what comes later counts as then.
    #[test]
    fn later_than_the_end_is_the_end(numbers in numbers(), steps in schedule(), beyond in any::<u64>()) {
        let late = Timestamp::from_nanos(Timestamp::MAX.as_nanos().saturating_add(beyond));
        prop_assert_eq!(late, Timestamp::MAX);
        let mut key = Key::new(numbers, late);
        let mut units = 0;
        for step in steps {
            let cost = key.advance(step);
            prop_assert_eq!(key.now, Timestamp::MAX);
            units += if key.ask(cost).verdict == Verdict::Allowed { cost } else { 0 };
        }
        prop_assert_eq!(units + key.peek().remaining, numbers.burst);
    }
}
