//! What a decision says about a limit is exact and minimal.

use proptest::prelude::*;
use tollgate_core::{Limit, Policy, Span, Timestamp, UNITS_MAX, Verdict};

use crate::at_every_step;
use crate::support::{Key, config, numbers, refilling, schedule, time};

proptest! {
    #![proptest_config(config())]

    /// `retry_after` is exact: then the same cost passes, and one nanosecond earlier it does not.
    #[test]
    fn retry_after_is_exact(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, asked| {
            for cost in [asked, 1, key.burst(), (key.burst() + 1).min(UNITS_MAX)] {
                let answer = key.would(cost, key.now);
                let wait = answer.retry_after;
                prop_assert_eq!(answer.verdict == Verdict::Impossible, cost > key.burst());
                match answer.verdict {
                    Verdict::Allowed => prop_assert_eq!(wait, Span::ZERO),
                    Verdict::Impossible => prop_assert_eq!(wait, Span::NEVER),
                    // A budget never refills, and time ends at `MAX`.
                    Verdict::Limited if wait == Span::NEVER => {
                        prop_assert_eq!(key.would(cost, Timestamp::MAX).verdict, Verdict::Limited);
                    }
                    Verdict::Limited => {
                        let then = key.now.as_nanos().checked_add(wait.as_nanos()).unwrap();
                        prop_assert!(then <= Timestamp::MAX.as_nanos());
                        let passed = key.would(cost, Timestamp::from_nanos(then)).verdict;
                        prop_assert_eq!(passed, Verdict::Allowed);
                        let early = Timestamp::from_nanos(then - 1);
                        prop_assert_eq!(key.would(cost, early).verdict, Verdict::Limited);
                    }
                }
            }
            Ok(())
        })?;
    }

    /// `remaining` is exact: that much passes at once, and one more does not.
    #[test]
    fn remaining_is_exact(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, _| {
            let remaining = key.peek().remaining;
            prop_assert!(remaining <= key.burst());
            let mut taken = key.clone();
            let answer = taken.ask(remaining);
            prop_assert_eq!((answer.verdict, answer.remaining), (Verdict::Allowed, 0));
            let too_much = if remaining < key.burst() { Verdict::Limited } else { Verdict::Impossible };
            if remaining < UNITS_MAX {
                prop_assert_eq!(key.would(remaining + 1, key.now).verdict, too_much);
            }
            Ok(())
        })?;
    }

    /// `reset_after` is exact: then the limit is full, and one nanosecond earlier it is not.
    #[test]
    fn reset_after_is_exact(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, _| {
            let (reset, full) = (key.peek().reset_after, key.burst());
            if reset == Span::ZERO {
                prop_assert_eq!(key.peek().remaining, full);
            } else if reset == Span::NEVER {
                prop_assert!(key.would(0, Timestamp::MAX).remaining < full);
            } else {
                let then = key.now.as_nanos() + reset.as_nanos();
                let is_full = |nanos| key.would(0, Timestamp::from_nanos(nanos)).remaining == full;
                prop_assert!(then <= Timestamp::MAX.as_nanos() && is_full(then));
                prop_assert!(!is_full(then - 1));
            }
            Ok(())
        })?;
    }

    /// What a decision says of a limit after it is what a peek at the same time says.
    #[test]
    fn a_decision_tells_the_state_after_it(numbers in numbers(), start in time(), steps in schedule()) {
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let mut after = key.clone();
            let (answer, peek) = (after.ask(cost), after.peek());
            prop_assert_eq!(answer.remaining, peek.remaining);
            prop_assert_eq!(answer.reset_after, peek.reset_after);
            prop_assert_eq!((peek.verdict, peek.retry_after), (Verdict::Allowed, Span::ZERO));
            Ok(())
        })?;
    }

    /// GCRA, token bucket and leaky bucket of the same numbers are one meter: they answer alike and
    /// leave the same bytes.
    #[test]
    fn the_three_algorithms_are_one_meter(
        numbers in refilling(),
        start in time(),
        steps in schedule(),
    ) {
        let (rate, period, burst) = (numbers.refill, Span::from_nanos(numbers.period), numbers.burst);
        let gcra = Limit::gcra("requests", rate, period, burst).unwrap();
        let leaky = Limit::leaky_bucket("requests", burst, rate, period).unwrap();
        at_every_step(Key::new(numbers, start), &steps, |key, cost| {
            let mut token = key.clone();
            let answer = token.ask(cost);
            for limit in [&gcra, &leaky] {
                let policy = Policy::new([limit.clone()]).unwrap();
                let mut other = Key { policy, ..key.clone() };
                prop_assert_eq!(other.ask(cost), answer);
                prop_assert_eq!(other.bytes(), token.bytes());
            }
            Ok(())
        })?;
    }
}
