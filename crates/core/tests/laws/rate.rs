//! How much is admitted: never more than burst + rate × time, and under demand no less.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tollgate_core::{Span, Timestamp, Verdict};

use crate::support::{Key, Numbers, config, magnitude, numbers, refilling, schedule, time};
use crate::{Outcome, at_every_step};

/// What was admitted, and when: costs above 0, since a peek passes at any time.
type Admitted = Vec<(Timestamp, u64)>;

/// In no window from one admitted request to a later one is more admitted than burst + rate × length,
/// where a window whose end reads an earlier clock than its start has a negative length.
pub(crate) fn within_rate(numbers: Numbers, admitted: &Admitted) -> Outcome {
    let Numbers { burst, refill, period } = numbers;
    for (index, (start, _)) in admitted.iter().enumerate() {
        let mut units = 0_u128;
        for (end, cost) in &admitted[index..] {
            units += u128::from(*cost);
            let regained = |from: Timestamp, to: Timestamp| {
                u128::from(to.since(from).as_nanos()) * u128::from(refill)
            };
            let used = units * u128::from(period) + regained(*end, *start);
            let allowed = u128::from(burst) * u128::from(period) + regained(*start, *end);
            prop_assert!(used <= allowed, "{units} units from {start:?} to {end:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// However a client asks, no window of any length admits more than burst + rate × length.
    #[test]
    fn no_window_admits_more_than_burst_and_rate(numbers in numbers(), start in time(), steps in schedule()) {
        let mut key = Key::new(numbers, start);
        let mut admitted = Admitted::new();
        for step in steps {
            let cost = key.advance(step);
            if key.ask(cost).verdict == Verdict::Allowed && cost > 0 {
                admitted.push((key.now, cost));
            }
        }
        within_rate(numbers, &admitted)?;
    }

    /// Who never lets the meter fill up and takes all that remains gets burst + rate × time, rounded
    /// down to whole units: not one more and not one less.
    #[test]
    fn saturated_demand_gets_exactly_burst_and_rate(
        numbers in refilling(),
        start in time(),
        steps in proptest::collection::vec((0..=u16::MAX, any::<bool>()), 1..40),
    ) {
        let Numbers { burst, refill, period } = numbers;
        let mut key = Key::new(numbers, start);
        let mut total = 0_u128;
        for (part, one_by_one) in steps {
            // The meter is full at `reset` or within the nanosecond before: too late to be saturated.
            let reset = key.peek().reset_after.as_nanos();
            let wait = (u128::from(reset.saturating_sub(1)) * u128::from(part)) >> 16;
            key.now = key.now.plus(Span::from_nanos(wait.try_into().unwrap()));

            let remaining = key.peek().remaining;
            let cost = if one_by_one { remaining.min(1) } else { remaining };
            prop_assert_eq!(key.ask(cost).verdict, Verdict::Allowed);
            total += u128::from(cost);

            let elapsed = u128::from(key.now.since(start).as_nanos());
            let due = u128::from(burst) + elapsed * u128::from(refill) / u128::from(period);
            prop_assert_eq!(total + u128::from(key.peek().remaining), due);
        }
    }

    /// Small costs add up like one large one: `a` and then `b` at one instant pass if `a + b` does,
    /// and leave the same record.
    #[test]
    fn costs_at_one_instant_add_up(
        numbers in numbers(),
        start in time(),
        steps in schedule(),
        part in any::<u64>(),
    ) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let first = part.checked_rem(cost + 1).unwrap_or_default();
            let (mut together, mut apart) = (key.clone(), key.clone());
            let passes = together.ask(cost).verdict == Verdict::Allowed;
            let both = apart.ask(first).verdict == Verdict::Allowed
                && apart.ask(cost - first).verdict == Verdict::Allowed;
            prop_assert_eq!(passes, both);
            prop_assert!(!passes || together.record == apart.record);
            Ok(())
        })?;
    }

    /// `n` requests that cost 1 are one that costs `n`; when `n` is too much, exactly those that
    /// remained pass.
    #[test]
    fn many_ones_are_one_many(numbers in numbers(), start in time(), steps in schedule(), n in 1..=40_u64) {
        let mut key = Key::new(numbers, start);
        for step in steps {
            let cost = key.advance(step);
            key.ask(cost);
        }
        let remaining = key.peek().remaining;
        let mut ones = key.clone();
        let passed = (0..n).filter(|_| ones.ask(1).verdict == Verdict::Allowed).count();
        prop_assert_eq!(u64::try_from(passed).unwrap(), remaining.min(n));
        key.ask(remaining.min(n));
        prop_assert_eq!(ones.record, key.record);
    }

    /// Waiting never hurts: what passes now passes later, and no less remains.
    #[test]
    fn later_is_never_worse(
        numbers in numbers(),
        start in time(),
        steps in schedule(),
        later in magnitude(1, 1 << 62),
    ) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            for wait in [1, later] {
                let then = key.now.plus(Span::from_nanos(wait));
                prop_assert!(key.would(0, then).remaining >= key.peek().remaining);
                let (now, then) = (key.would(cost, key.now), key.would(cost, then));
                prop_assert!(then.verdict <= now.verdict);
                prop_assert!(then.retry_after <= now.retry_after);
            }
            Ok(())
        })?;
    }
}

/// The schedules that these laws are checked on are no idle talk: each verdict is common in them.
#[test]
fn schedules_reach_every_verdict() {
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let strategy = (numbers(), time(), schedule());
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..500 {
        let (numbers, start, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let mut key = Key::new(numbers, start);
        for step in steps {
            let cost = key.advance(step);
            *counts.entry(key.ask(cost).verdict).or_insert(0) += 1;
        }
    }
    let total: u32 = counts.values().sum();
    for verdict in [Verdict::Allowed, Verdict::Limited, Verdict::Impossible] {
        let count = counts.get(&verdict).copied().unwrap_or_default();
        assert!(count > total / 20, "{verdict:?}: {count} of {total}");
    }
}
