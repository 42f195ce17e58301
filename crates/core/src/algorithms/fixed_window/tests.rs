//! Fixed windows and interval refill against a clock that ticks, and the laws.

#![allow(clippy::arithmetic_side_effects, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::UNITS_MAX;
use crate::algorithms::calendar::{CalendarUnit, UTC_OFFSET_SECS_MAX, civil_from_days};
use crate::algorithms::rule::laws::{Ask, any_magnitude, asks, config, keeps_the_laws};

mod examples;

const SECOND_NS: u64 = 1_000_000_000;
const HOUR_NS: u64 = 3_600 * SECOND_NS;
const DAY_NS: u64 = 24 * HOUR_NS;
const UNITS: [CalendarUnit; 3] = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month];

/// Counts by ticking: at every tick that is a boundary, units come back.
#[derive(Clone)]
struct Ticking {
    rule: FixedWindow,
    tick_ns: u64,
    now: u64,
    used: u64,
    first_use: u64,
}

impl Ticking {
    const fn new(rule: FixedWindow, tick_ns: u64) -> Self {
        Self { rule, tick_ns, now: 0, used: 0, first_use: 0 }
    }

    fn is_boundary(&self) -> bool {
        let local = |offset: i32| i128::from(self.now) + i128::from(offset) * 1_000_000_000;
        match self.rule.windows {
            Windows::Aligned { period, utc_offset_secs } => {
                local(utc_offset_secs).rem_euclid(i128::from(period.as_nanos())) == 0
            }
            Windows::FirstUse { period } => {
                (self.now - self.first_use).is_multiple_of(period.as_nanos())
            }
            Windows::Calendar { unit, utc_offset_secs } => {
                let local = local(utc_offset_secs);
                let day = i64::try_from(local.div_euclid(i128::from(DAY_NS))).unwrap_or(0);
                local.rem_euclid(i128::from(DAY_NS)) == 0
                    && match unit {
                        CalendarUnit::Day => true,
                        CalendarUnit::Week => day.rem_euclid(7) == 4,
                        CalendarUnit::Month => civil_from_days(day).2 == 1,
                    }
            }
        }
    }

    fn tick_to(&mut self, now: u64) {
        // While nothing is used nothing can come back, however long that is.
        if self.used == 0 {
            self.now = self.now.max(now);
        }
        while self.now < now {
            self.now += self.tick_ns;
            if self.is_boundary() {
                self.used = self.used.saturating_sub(self.rule.refill);
            }
            if self.used == 0 {
                self.now = now;
            }
        }
    }

    fn remaining(&self, now: u64) -> u64 {
        let mut then = self.clone();
        then.tick_to(now);
        self.rule.limit.saturating_sub(then.used)
    }

    fn charge(&mut self, now: u64, units: u64) {
        if units == 0 {
            return;
        }
        self.tick_to(now);
        if self.used == 0 {
            self.first_use = self.now;
        }
        self.used = (self.used + units).min(2 * self.rule.limit);
    }
}

/// Whether to go back in time, how many ticks to go, what to charge, and whether also if it does not fit.
type Step = (bool, u64, u64, bool);

fn steps(ticks_max: u64) -> impl Strategy<Value = std::vec::Vec<Step>> {
    vec((proptest::bool::weighted(0.15), 0..=ticks_max, 0..=10_u64, any::<bool>()), 1..12)
}

/// At every step, what remains is what ticking says, and the laws hold.
fn counts_like_ticking(
    rule: FixedWindow,
    tick_ns: u64,
    start: u64,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut ticking = Ticking::new(rule, tick_ns);
    let mut state = WindowState::default();
    let mut now = start;
    for (is_back, ticks, units, is_forced) in steps {
        let distance = ticks * tick_ns;
        now = if *is_back { now.saturating_sub(distance) } else { now + distance };
        let (at, later) = (Timestamp::from_nanos(now), Timestamp::from_nanos(now + distance));
        prop_assert_eq!(rule.remaining(&state, at), ticking.remaining(now), "at {}", now);
        keeps_the_laws(&rule, &state, Ask { now: at, later, units: *units, more: *ticks })?;
        if *is_forced || rule.fits(&state, at, *units) {
            rule.charge(&mut state, at, *units);
            ticking.charge(now, *units);
        }
    }
    Ok(())
}

fn small_windows() -> impl Strategy<Value = Windows> {
    (1..=12_u64, -3..=3_i32, any::<bool>()).prop_map(|(period, utc_offset_secs, is_aligned)| {
        let period = Span::from_nanos(period);
        match is_aligned {
            true => Windows::Aligned { period, utc_offset_secs },
            false => Windows::FirstUse { period },
        }
    })
}

fn any_windows() -> impl Strategy<Value = Windows> {
    let offset = -UTC_OFFSET_SECS_MAX..=UTC_OFFSET_SECS_MAX;
    (any_magnitude(), offset, 0..5_usize).prop_map(|(bits, utc_offset_secs, kind)| {
        let period = Span::from_nanos(bits.clamp(1, Span::MAX.as_nanos()));
        match (kind, UNITS.get(kind)) {
            (_, Some(unit)) => Windows::Calendar { unit: *unit, utc_offset_secs },
            (3, None) => Windows::Aligned { period, utc_offset_secs },
            _ => Windows::FirstUse { period },
        }
    })
}

/// Numbers of a limit: the whole of it comes back in half of the cases.
fn limit_and_refill(limit: u64, refill: u64) -> (u64, u64) {
    (limit, if refill.is_multiple_of(2) { limit } else { 1 + refill % limit })
}

fn small_rule() -> impl Strategy<Value = FixedWindow> {
    (1..=8_u64, 0..=20_u64, small_windows()).prop_map(|(limit, refill, windows)| {
        let (limit, refill) = limit_and_refill(limit, refill);
        FixedWindow::new(limit, refill, windows)
    })
}

fn any_rule() -> impl Strategy<Value = FixedWindow> {
    (any_magnitude(), any_magnitude(), any_windows()).prop_map(|(limit, refill, windows)| {
        let (limit, refill) = limit_and_refill(limit.clamp(1, UNITS_MAX), refill);
        FixedWindow::new(limit, refill, windows)
    })
}

/// Any time, and often one at or beside a local midnight.
fn any_time() -> impl Strategy<Value = u64> + Clone {
    (any::<bool>(), any_magnitude(), 0..107_000_u64, -18..=18_i64, -1..=1_i64).prop_map(
        |(is_midnight, time, day, hours, near)| {
            let midnight = (day * DAY_NS).saturating_add_signed(hours * 3_600 * 1_000_000_000);
            if is_midnight { midnight.saturating_add_signed(near) } else { time }
        },
    )
}

proptest! {
    #![proptest_config(config())]

    /// Windows of a few nanoseconds count as if ticked through, forwards and back, from the epoch on.
    #[test]
    fn small_windows_tick(rule in small_rule(), start in 0..=20_u64, steps in steps(15)) {
        counts_like_ticking(rule, 1, start, &steps)?;
    }

    /// So do days, weeks and months, at offsets of whole hours.
    #[test]
    fn calendars_tick(
        (limit, refill) in (1..=8_u64, 0..=20_u64),
        (unit, hours) in (0..3_usize, -18..=18_i32),
        start in prop_oneof![0..=40_u64, 0..=2_000_000_u64],
        steps in steps(900),
    ) {
        let (limit, refill) = limit_and_refill(limit, refill);
        let unit = *UNITS.get(unit).unwrap_or(&CalendarUnit::Day);
        let windows = Windows::Calendar { unit, utc_offset_secs: hours * 3_600 };
        counts_like_ticking(FixedWindow::new(limit, refill, windows), HOUR_NS, start * HOUR_NS, &steps)?;
    }

    /// The laws hold for every small state.
    #[test]
    fn laws_of_small_numbers(
        rule in small_rule(),
        (start, used) in (0..=80_u64, 0..=20_u64),
        ask in asks(0..=80_u64, 0..=10_u64),
    ) {
        keeps_the_laws(&rule, &WindowState { start, used }, ask)?;
    }

    /// The laws hold for every state that there is, whatever wrote it, up to the end of time.
    #[test]
    fn laws_of_all_numbers(
        rule in any_rule(),
        start in prop_oneof![any_time(), any::<u64>()],
        used in any_magnitude(),
        ask in asks(any_time(), any_magnitude()),
    ) {
        keeps_the_laws(&rule, &WindowState { start, used }, ask)?;
    }

    /// In a time w at most `limit + refill * (1 + w / period)` units pass, however they are asked for.
    #[test]
    fn rate(rule in small_rule(), steps in vec((0..=6_u64, 1..=8_u64), 1..40)) {
        let (Windows::Aligned { period, .. } | Windows::FirstUse { period }) = rule.windows else {
            return Ok(());
        };
        let (mut state, mut now, mut passed) = (WindowState::default(), 0, std::vec::Vec::new());
        for (wait, units) in steps {
            now += wait;
            let at = Timestamp::from_nanos(now);
            let units = units.min(rule.remaining(&state, at));
            rule.charge(&mut state, at, units);
            passed.push((now, units));
            let mut sum = 0;
            for (then, units) in passed.iter().rev() {
                sum += units;
                prop_assert!(sum <= rule.limit + rule.refill * (1 + (now - then) / period.as_nanos()));
            }
        }
    }
}
