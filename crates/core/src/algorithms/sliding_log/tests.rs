//! The sliding log against a list of all charges, its bound of entries, and the laws.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::vec::Vec;

use super::entries::tests::{any_log, log_of};
use super::*;
use crate::UNITS_MAX;
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};

/// All charges that there were, none of them ever dropped.
struct Charges {
    rule: SlidingLog,
    all: Vec<(u64, u64)>,
}

impl Charges {
    const fn new(rule: SlidingLog) -> Self {
        Self { rule, all: Vec::new() }
    }

    /// The time of the newest charge, if that is later.
    fn clock(&self, now: u64) -> u64 {
        self.all.last().map_or(now, |(time, _)| now.max(*time))
    }

    /// The units in (now - period, now].
    fn in_window(&self, now: u64) -> u64 {
        let is_in = |time: u64| self.clock(now) - time < self.rule.period.as_nanos();
        let newest_first = self.all.iter().rev();
        newest_first.take_while(|(time, _)| is_in(*time)).map(|(_, units)| units).sum()
    }

    /// A charge of which all but two limits per period is forgiven.
    fn charge(&mut self, now: u64, units: u64) {
        let charged = units.min(2 * self.rule.limit - self.in_window(now));
        // Nothing is not a charge: it does not say what time it is.
        if charged > 0 {
            self.all.push((self.clock(now), charged));
        }
    }
}

fn small_rule() -> impl Strategy<Value = SlidingLog> {
    (1..=8_u64, 1..=12_u64)
        .prop_map(|(limit, period)| SlidingLog::new(limit, Span::from_nanos(period)))
}

fn any_rule() -> impl Strategy<Value = SlidingLog> {
    (any_magnitude(), any_magnitude()).prop_map(|(limit, period)| {
        let period = Span::from_nanos(period.clamp(1, Span::MAX.as_nanos()));
        SlidingLog::new(limit.clamp(1, UNITS_MAX), period)
    })
}

proptest! {
    #![proptest_config(config())]

    /// On every schedule, with debt and with a clock that goes back, what remains is what a list of all
    /// charges leaves; and the laws hold.
    #[test]
    fn counts_like_a_list(
        rule in small_rule(),
        steps in vec((-6..=14_i64, 0..=10_u64, any::<bool>()), 1..16),
    ) {
        let (mut log, mut charges, mut now) = (Log::default(), Charges::new(rule), 0_u64);
        for (wait, units, is_forced) in steps {
            now = now.saturating_add_signed(wait);
            let (at, later) = (Timestamp::from_nanos(now), Timestamp::from_nanos(now + units));
            let remaining = rule.limit.saturating_sub(charges.in_window(now));
            prop_assert_eq!(rule.remaining(&log, at), remaining, "at {}", now);
            prop_assert_eq!(rule.fits(&log, at, units), units <= remaining);
            keeps_the_laws(&rule, &log, Ask { now: at, later, units, more: units / 2 })?;
            if is_forced || units <= remaining {
                rule.charge(&mut log, at, units);
                charges.charge(now, units);
            }
        }
    }

    /// The laws hold for every small log.
    #[test]
    fn laws_of_small_numbers(
        rule in small_rule(),
        entries in vec((0..=6_u64, 0..=4_u64), 0..10),
        ask in asks(0..=60_u64, 0..=10_u64),
    ) {
        keeps_the_laws(&rule, &log_of(entries), ask)?;
    }

    /// The laws hold for every log that there is, whatever wrote it, up to the end of time.
    #[test]
    fn laws_of_all_numbers(
        rule in any_rule(),
        log in any_log(),
        ask in asks(any_magnitude(), any_magnitude()),
    ) {
        keeps_the_laws(&rule, &log, ask)?;
    }

    /// The laws hold for logs with as many entries as there may be, of which some have left.
    #[test]
    fn laws_of_full_logs(
        (limit, period, missing) in (1_000..=3_000_u64, 1_000..=1_050_u64, 0..=3_u64),
        ask in asks(1_000..=2_200_u64, prop_oneof![0..=3_u64, 0..=3_000_u64]),
    ) {
        let rule = SlidingLog::new(limit, Span::from_nanos(period));
        keeps_the_laws(&rule, &log_of((missing..1_024).map(|index| (1, 1 + index % 2))), ask)?;
    }
}

proptest! {
    // Each case is as long as some hundred others.
    #![proptest_config(Config { cases: 16, ..config() })]

    /// Thousands of charges, forced ones among them: what fits never makes a period hold more than the
    /// limit, and with a limit of up to 1024 units, what does not fit would.
    #[test]
    fn long_runs_stay_within_the_limit(
        limit in prop_oneof![1_000..=1_024_u64, 1_025..=3_000_u64],
        period in 1_000..=2_000_u64,
        (pattern, is_forced) in (any::<[u8; 16]>(), any::<bool>()),
    ) {
        let rule = SlidingLog::new(limit, Span::from_nanos(period));
        let (mut log, mut charges, mut now) = (Log::default(), Charges::new(rule), 0_u64);
        for (index, byte) in (0..2_500_u16).zip(pattern.into_iter().cycle()) {
            now += u64::from(byte % 3);
            let units = 1 + u64::from(byte >> 7);
            let at = Timestamp::from_nanos(now);
            let is_within = charges.in_window(now) + units <= limit;
            let fits = rule.fits(&log, at, units);
            prop_assert!(is_within || !fits);
            if !is_forced && limit <= 1_024 {
                prop_assert_eq!(is_within, fits);
            }
            if fits || is_forced && index % 3 == 0 {
                rule.charge(&mut log, at, units);
                charges.charge(now, units);
            }
        }
    }
}

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// A charge leaves exactly one period after it was made.
#[test]
fn charges_leave_after_a_period() {
    let rule = SlidingLog::new(5, Span::from_nanos(100));
    let log = log_of([(10, 2), (20, 3)]);
    assert_eq!([109, 110, 129, 130].map(|now| rule.remaining(&log, at(now))), [0, 2, 2, 5]);
    for (units, wait) in [(1, 60), (2, 60), (3, 80), (5, 80)] {
        assert_eq!(rule.retry_after(&log, at(50), units), Span::from_nanos(wait));
    }
    assert_eq!(rule.reset_after(&log, at(50)), Span::from_nanos(80));
}

/// What has left is dropped with the next charge.
#[test]
fn charges_that_left_are_dropped() {
    let rule = SlidingLog::new(5, Span::from_nanos(100));
    let mut log = log_of([(10, 2), (20, 1)]);
    rule.charge(&mut log, at(110), 1);
    assert_eq!(log, log_of([(30, 1), (80, 1)]));
}

/// Debt is at most one limit: what is charged beyond leaves no trace.
#[test]
fn debt_has_to_leave() {
    let rule = SlidingLog::new(5, Span::from_nanos(100));
    let mut log = Log::default();
    for (now, units) in [(10, 4), (20, u64::MAX), (30, 1)] {
        rule.charge(&mut log, at(now), units);
    }
    assert_eq!(log, log_of([(10, 4), (10, 6)]));
    assert_eq!(rule.retry_after(&log, at(30), 1), Span::from_nanos(90));
}

/// When 1024 charges are in the window the next one waits for the oldest, though its units would fit,
/// and though it is made at the time of the newest.
#[test]
fn entries_limit_too() {
    let rule = SlidingLog::new(5_000, Span::from_nanos(2_000));
    let mut log = log_of((1..LOG_ENTRIES_MAX).map(|_| (1, 1)));
    assert_eq!(rule.remaining(&log, at(1_024)), 5_000 - 1_023);
    rule.charge(&mut log, at(1_024), 1);
    assert_eq!(rule.remaining(&log, at(1_024)), 0);
    for now in [1_024, 1_500, 2_000] {
        assert_eq!(rule.retry_after(&log, at(now), 1), Span::from_nanos(2_001 - now));
    }
    assert_eq!(rule.remaining(&log, at(2_001)), 5_000 - 1_023);
    // Forced, it goes with the newest, which then leaves later.
    rule.charge(&mut log, at(1_600), 3);
    assert_eq!(log.entries().len(), LOG_ENTRIES_MAX);
    assert_eq!(rule.reset_after(&log, at(1_600)), Span::from_nanos(2_000));
}

/// A log is believed up to the skew ahead of the clock, and not a nanosecond further.
#[test]
fn believed_up_to_the_skew() {
    let rule = SlidingLog::new(5, Span::from_nanos(100));
    let now = at(1_000);
    let latest = now.plus(SKEW_MAX).as_nanos();
    for (time, heals) in [(latest, false), (latest + 1, true), (u64::MAX, true)] {
        let before = log_of([(3, 1), (time - 3, 1)]);
        let mut log = before.clone();
        assert_eq!(rule.heal(&mut log, now), heals, "{time}");
        assert_eq!(log, if heals { log_of([(1_000, 5)]) } else { before });
    }
}
