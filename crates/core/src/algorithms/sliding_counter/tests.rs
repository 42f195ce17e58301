//! The sliding counter against rational weights, its error bounds, and the laws.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::collection::vec;
use proptest::prelude::*;
use std::vec::Vec;

use super::*;
use crate::UNITS_MAX;
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};

fn whole(number: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(number))
}

/// All charges that there were, and what they come to.
struct Charges {
    rule: SlidingCounter,
    all: Vec<(u64, u64)>,
}

impl Charges {
    const fn new(rule: SlidingCounter) -> Self {
        Self { rule, all: Vec::new() }
    }

    fn in_window(&self, number: Option<u64>) -> u64 {
        let period = self.rule.period.as_nanos();
        let units = self.all.iter().filter(|(time, _)| Some(time / period) == number);
        units.map(|(_, units)| units).sum()
    }

    /// The units of this window, and those of the previous one as far as a period reaches back.
    fn estimate(&self, now: u64) -> BigRational {
        let period = self.rule.period.as_nanos();
        let window = now / period;
        let weight = BigRational::new((period - now % period).into(), period.into());
        let previous = whole(self.in_window(window.checked_sub(1)));
        whole(self.in_window(Some(window))) + previous * weight
    }

    /// The units of the last period, as a log counts them.
    fn exact(&self, now: u64) -> u64 {
        let is_in = |time: u64| time + self.rule.period.as_nanos() > now;
        self.all.iter().filter(|(time, _)| is_in(*time)).map(|(_, units)| units).sum()
    }

    /// A charge of which all but two limits per window is forgiven.
    fn charge(&mut self, now: u64, units: u64) {
        let window = now / self.rule.period.as_nanos();
        let room = 2 * self.rule.limit - self.in_window(Some(window));
        self.all.push((now, units.min(room)));
    }
}

fn small_rule() -> impl Strategy<Value = SlidingCounter> {
    (1..=8_u64, 1..=12_u64)
        .prop_map(|(limit, period)| SlidingCounter::new(limit, Span::from_nanos(period)))
}

fn any_rule() -> impl Strategy<Value = SlidingCounter> {
    (any_magnitude(), any_magnitude()).prop_map(|(limit, period)| {
        let period = Span::from_nanos(period.clamp(1, Span::MAX.as_nanos()));
        SlidingCounter::new(limit.clamp(1, UNITS_MAX), period)
    })
}

proptest! {
    #![proptest_config(config())]

    /// On every schedule, debt included, exactly those units fit for which the sum of rational weights
    /// is at most the limit; and the laws hold.
    #[test]
    fn weighs_like_rationals(
        rule in small_rule(),
        steps in vec((0..=14_u64, 0..=10_u64, any::<bool>()), 1..16),
    ) {
        let (mut state, mut charges, mut now) = (CounterState::default(), Charges::new(rule), 0);
        for (wait, units, is_forced) in steps {
            now += wait;
            let (at, later) = (Timestamp::from_nanos(now), Timestamp::from_nanos(now + wait));
            let fits = units == 0 || charges.estimate(now) + whole(units) <= whole(rule.limit);
            prop_assert_eq!(rule.fits(&state, at, units), fits, "{} at {}", units, now);
            keeps_the_laws(&rule, &state, Ask { now: at, later, units, more: wait })?;
            if fits || is_forced {
                rule.charge(&mut state, at, units);
                charges.charge(now, units);
            }
        }
    }

    /// Whoever takes all that fits, at any times, gets in a time w at most `limit * (1 + w / period)`.
    /// Of the exact count, the estimate is less than the limit short, and at most the limit ahead; so
    /// the exact count stays below twice the limit.
    #[test]
    fn errors_are_bounded(
        rule in small_rule(),
        steps in vec((0..=14_u64, 1..=8_u64), 1..40),
    ) {
        let SlidingCounter { limit, period } = rule;
        let (mut state, mut charges, mut now) = (CounterState::default(), Charges::new(rule), 0);
        for (wait, units) in steps {
            now += wait;
            let at = Timestamp::from_nanos(now);
            let units = units.min(rule.remaining(&state, at));
            rule.charge(&mut state, at, units);
            charges.charge(now, units);

            let (exact, estimate) = (charges.exact(now), charges.estimate(now));
            prop_assert!(exact < 2 * limit);
            prop_assert!(whole(exact) - &estimate < whole(limit));
            let is_start = now.is_multiple_of(period.as_nanos());
            let ahead = estimate - whole(exact);
            prop_assert!(ahead < whole(limit) || is_start && ahead == whole(limit));
            let mut sum = 0;
            for (then, units) in charges.all.iter().rev() {
                sum += units;
                prop_assert!(sum * period.as_nanos() <= limit * (period.as_nanos() + now - then));
            }
        }
    }

    /// The laws hold for every small state.
    #[test]
    fn laws_of_small_numbers(
        rule in small_rule(),
        (start, current, previous) in (0..=60_u64, 0..=20_u64, 0..=20_u64),
        ask in asks(0..=80_u64, 0..=10_u64),
    ) {
        keeps_the_laws(&rule, &CounterState { start, current, previous }, ask)?;
    }

    /// The laws hold for every state that there is, whatever wrote it, up to the end of time.
    #[test]
    fn laws_of_all_numbers(
        rule in any_rule(),
        start in prop_oneof![any_magnitude(), any::<u64>()],
        (current, previous) in (any_magnitude(), any_magnitude()),
        ask in asks(any_magnitude(), any_magnitude()),
        is_recent in any::<bool>(),
    ) {
        // Most windows of any length are over; these are not.
        let recent = ask.now.as_nanos().saturating_sub(start % rule.period.as_nanos());
        let start = if is_recent { recent } else { start };
        keeps_the_laws(&rule, &CounterState { start, current, previous }, ask)?;
    }
}

const TEN_IN_100: SlidingCounter = SlidingCounter::new(10, Span::from_nanos(100));

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn charged(charges: &[(u64, u64)]) -> CounterState {
    let mut state = CounterState::default();
    charges.iter().for_each(|(nanos, units)| TEN_IN_100.charge(&mut state, at(*nanos), *units));
    state
}

/// The previous window loses its weight step by step: of 10 units, one at a time for each tenth.
#[test]
fn the_previous_window_fades() {
    let state = charged(&[(7, 10)]);
    for (now, remaining) in
        [(99, 0), (100, 0), (109, 0), (110, 1), (119, 1), (150, 5), (199, 9), (200, 10)]
    {
        assert_eq!(TEN_IN_100.remaining(&state, at(now)), remaining, "{now}");
    }
}

/// Units fit again within this window, in the next one, or when that too is over.
#[test]
fn when_units_fit_again() {
    let state = charged(&[(7, 10), (120, 2)]);
    assert_eq!(state, CounterState { start: 100, current: 2, previous: 10 });
    for (units, fit_at) in [(1, 130), (7, 190), (8, 200), (9, 250), (10, 300)] {
        assert_eq!(TEN_IN_100.retry_after(&state, at(120), units), Span::from_nanos(fit_at - 120));
    }
    assert_eq!(TEN_IN_100.reset_after(&state, at(120)), Span::from_nanos(180));
    assert_eq!(TEN_IN_100.reset_after(&state, at(200)), Span::from_nanos(100));
    assert_eq!(TEN_IN_100.reset_after(&charged(&[(7, 10)]), at(120)), Span::from_nanos(80));
}

/// The worst that a period can admit is one unit less than twice the limit, and that happens: the
/// estimate is that far from the exact count.
#[test]
fn the_worst_period() {
    let state = charged(&[(99, 10)]);
    assert_eq!(TEN_IN_100.remaining(&state, at(198)), 9);
    let mut charges = Charges::new(TEN_IN_100);
    charges.charge(99, 10);
    charges.charge(198, 9);
    assert_eq!(charges.exact(198), 19);
    // The other way round, a window starts with the whole limit although all of it has just left.
    let mut charges = Charges::new(TEN_IN_100);
    charges.charge(100, 10);
    assert_eq!((charges.exact(200), charges.estimate(200)), (0, whole(10)));
}

/// Debt is at most one limit, and fades like any other charge.
#[test]
fn debt_fades() {
    let state = charged(&[(0, 10), (1, u64::MAX)]);
    assert_eq!(state, CounterState { start: 0, current: 20, previous: 0 });
    assert_eq!(TEN_IN_100.retry_after(&state, at(1), 1), Span::from_nanos(154));
    assert_eq!(TEN_IN_100.retry_after(&state, at(1), 10), Span::from_nanos(199));
}

/// A state is believed up to the skew ahead of the clock, and not a nanosecond further.
#[test]
fn believed_up_to_the_skew() {
    let now = at(1_000);
    let latest = now.plus(SKEW_MAX).as_nanos();
    for (start, heals) in [(latest, false), (latest + 1, true), (u64::MAX, true)] {
        let before = CounterState { start, current: 1, previous: 2 };
        let mut state = before;
        assert_eq!(TEN_IN_100.heal(&mut state, now), heals, "{start}");
        let used_up = CounterState { start: 1_000, current: 10, previous: 0 };
        assert_eq!(state, if heals { used_up } else { before });
    }
}
