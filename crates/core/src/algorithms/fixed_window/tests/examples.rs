//! Fixed windows and interval refill, by example.

use super::*;
use crate::algorithms::calendar::days_from_civil;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn charged(rule: FixedWindow, charges: &[(u64, u64)]) -> WindowState {
    let mut state = WindowState::default();
    charges.iter().for_each(|(secs, units)| rule.charge(&mut state, at(*secs), *units));
    state
}

/// Around a boundary twice the limit passes at once: that is what a fixed window is.
#[test]
fn twice_the_limit_around_a_boundary() {
    let windows = Windows::Aligned { period: Span::from_secs(60), utc_offset_secs: 0 };
    let rule = FixedWindow::new(10, 10, windows);
    let state = charged(rule, &[(119, 10)]);
    assert_eq!(rule.remaining(&state, Timestamp::from_nanos(120 * SECOND_NS - 1)), 0);
    assert_eq!(rule.remaining(&state, at(120)), 10);
}

/// A window that starts with the first use lasts a whole period from then, and the next one starts
/// with the next use.
#[test]
fn first_use_starts_a_window() {
    let windows = Windows::FirstUse { period: Span::from_secs(60) };
    let rule = FixedWindow::new(10, 10, windows);
    let state = charged(rule, &[(119, 10)]);
    assert_eq!(rule.retry_after(&state, at(120), 1), Span::from_secs(59));
    let state = charged(rule, &[(119, 10), (200, 4)]);
    assert_eq!(state, WindowState { start: 200 * SECOND_NS, used: 4 });
    assert_eq!(rule.reset_after(&state, at(210)), Span::from_secs(50));
}

/// With interval refill from the first use, boundaries stay where they are until it was full again.
#[test]
fn intervals_go_on_until_full() {
    let windows = Windows::FirstUse { period: Span::from_secs(10) };
    let rule = FixedWindow::new(5, 2, windows);
    assert_eq!(charged(rule, &[(3, 5), (14, 1)]), WindowState { start: 13 * SECOND_NS, used: 4 });
    assert_eq!(charged(rule, &[(3, 5), (34, 1)]), WindowState { start: 34 * SECOND_NS, used: 1 });
    let state = charged(rule, &[(3, 5)]);
    for (units, secs) in [(1, 10), (2, 10), (3, 20), (4, 20), (5, 30)] {
        assert_eq!(rule.retry_after(&state, at(3), units), Span::from_secs(secs), "{units}");
    }
}

/// Debt is at most one limit; each boundary pays what it would give.
#[test]
fn debt_is_paid_by_boundaries() {
    let windows = Windows::Aligned { period: Span::from_secs(10), utc_offset_secs: 0 };
    let rule = FixedWindow::new(5, 5, windows);
    let state = charged(rule, &[(1, 5), (2, u64::MAX)]);
    assert_eq!(state, WindowState { start: 0, used: 10 });
    assert_eq!(rule.retry_after(&state, at(2), 1), Span::from_secs(18));
    assert_eq!(rule.reset_after(&state, at(2)), Span::from_secs(18));
    assert_eq!((rule.remaining(&state, at(19)), rule.remaining(&state, at(20))), (0, 5));
    // A limit that was lowered to 1 forgives all but twice that.
    let lowered = FixedWindow::new(1, 1, windows);
    assert_eq!(lowered.retry_after(&state, at(2), 1), Span::from_secs(18));
}

/// Months are as long as they are: debt of January is paid at the end of February, leap day included.
#[test]
fn months_are_as_long_as_they_are() {
    let windows = Windows::Calendar { unit: CalendarUnit::Month, utc_offset_secs: 0 };
    let rule = FixedWindow::new(100, 100, windows);
    for (year, days) in [(2023, 31 + 28), (2024, 31 + 29)] {
        let day = u64::try_from(days_from_civil(year, 1, 1)).unwrap_or(0);
        let state = charged(rule, &[(day * 86_400, 101)]);
        let wait = rule.retry_after(&state, at(day * 86_400), 100);
        assert_eq!(wait, Span::from_secs(days * 86_400), "{year}");
    }
}

/// A day at five hours behind UTC ends at five in the morning.
#[test]
fn days_end_at_local_midnight() {
    let unit = CalendarUnit::Day;
    let windows = Windows::Calendar { unit, utc_offset_secs: -5 * 3_600 };
    let rule = FixedWindow::new(1, 1, windows);
    let state = charged(rule, &[(86_400, 1)]);
    assert_eq!(rule.retry_after(&state, at(86_400), 1), Span::from_secs(5 * 3_600));
    // At the epoch, too, whose day had begun before it.
    let state = charged(rule, &[(0, 1)]);
    assert_eq!(state, WindowState { start: 0, used: 1 });
    assert_eq!(rule.retry_after(&state, at(0), 1), Span::from_secs(5 * 3_600));
}

/// A state is believed up to the skew ahead of the clock, and not a nanosecond further.
#[test]
fn believed_up_to_the_skew() {
    let rule = FixedWindow::new(5, 2, Windows::FirstUse { period: Span::from_secs(10) });
    let now = at(1_000);
    let latest = now.plus(SKEW_MAX).as_nanos();
    for (start, heals) in [(latest, false), (latest + 1, true), (u64::MAX, true)] {
        let mut state = WindowState { start, used: 1 };
        assert_eq!(rule.heal(&mut state, now), heals, "{start}");
        assert_eq!(state.start, if heals { now.as_nanos() } else { start });
        assert_eq!(state.used, if heals { 5 } else { 1 });
    }
}

/// What comes back after the end of time never does.
#[test]
fn nothing_comes_back_after_the_end() {
    let rule = FixedWindow::new(5, 1, Windows::FirstUse { period: Span::MAX });
    let state = charged(rule, &[(0, 5)]);
    let waits = [1, 2, 3, 5].map(|units| rule.retry_after(&state, at(0), units));
    let twice = Span::from_nanos(2 * Span::MAX.as_nanos());
    assert_eq!(waits, [Span::MAX, twice, Span::NEVER, Span::NEVER]);
    // Time gets as far as its last nanosecond, and no further.
    let period = Span::from_nanos(100);
    let rule = FixedWindow::new(1, 1, Windows::FirstUse { period });
    for (before_end, wait) in [(100, period), (99, Span::NEVER)] {
        let start = Timestamp::MAX.as_nanos() - before_end;
        let state = WindowState { start, used: 1 };
        assert_eq!(rule.retry_after(&state, Timestamp::from_nanos(start), 1), wait);
    }
}
