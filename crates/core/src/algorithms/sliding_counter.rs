//! The sliding window that remembers two numbers: what was charged in this window, and in the one
//! before it, which counts in proportion to how much of it a period still reaches back to.
//!
//! ```text
//!   allowed iff  current + cost + previous * (period - elapsed) / period <= limit
//!
//!       previous                current
//!   ├───────────────────────┼───────────┬───────────┤
//!                   │← ── ── ── period ─┤now
//!                           │← elapsed →│
//! ```
//!
//! Both sides are compared as multiples of 1 / period, in 128 bits: nothing is rounded. Windows start
//! at multiples of the period since the epoch.
//!
//! # Error
//! Let the estimate be the left side without the cost, a the units of the previous window and e the
//! time elapsed of this one. No window admits more than the limit, so a <= limit (as long as nothing
//! is charged that does not fit).
//!
//! **In any time w at most `limit * (1 + w / period)` units are admitted**, as with a token bucket that
//! gains the limit in a period. The estimate rises only by what is admitted. It falls by a / period
//! per unit of time, which is at most limit / period, and does not jump at a boundary: what was
//! `current` becomes `previous` with all its weight. So what is admitted in a time w is at most the
//! estimate at its end, which is at most the limit, and what the estimate fell by, at most
//! limit * w / period.
//!
//! **Against the exact count**, that of the last period as the sliding log has it: of the previous
//! window it counts some x of a, 0 <= x <= a, where the estimate counts a * (1 - e / period).
//! - The count is above the estimate by x - a * (1 - e / period) <= a * e / period: by less than the
//!   limit, since e < period.
//! - So the count after a charge that fitted, where the estimate is at most the limit, is below twice
//!   the limit: that much and no more is admitted in the worst time of one period.
//! - The estimate is above the count by at most a * (1 - e / period): by less than the limit too, but
//!   for the very start of a window, where it is the limit when all of a was charged one period ago.

use crate::algorithms::meter::SKEW_MAX;
use crate::algorithms::rule::{Room, Rule};
use crate::algorithms::wait::until;
use crate::time::{Span, Timestamp};

/// About `limit` units in any time of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlidingCounter {
    limit: u64,
    period: Span,
}

/// What is remembered of a key. The default, nothing charged, is a key that was never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CounterState {
    /// When the current window started, in nanoseconds since the epoch. A time before it counts as it.
    pub(crate) start: u64,
    /// Units charged in the window that started then; above the limit they are debt.
    pub(crate) current: u64,
    /// Units charged in the window before it.
    pub(crate) previous: u64,
}

impl SlidingCounter {
    /// Of numbers that were checked: a limit of 1 to [`UNITS_MAX`](crate::UNITS_MAX), a period of 1 ns
    /// to [`Span::MAX`].
    pub(crate) const fn new(limit: u64, period: Span) -> Self {
        Self { limit, period }
    }

    pub(crate) const fn period(&self) -> Span {
        self.period
    }

    /// The state brought up to date, and how much of the previous window a period reaches back to, in
    /// nanoseconds: 1 to the period.
    fn at(&self, state: &CounterState, now: Timestamp) -> (CounterState, u64) {
        let now_ns = now.as_nanos().max(state.start);
        let (seen, start) = (self.window_ns(state.start), self.window_ns(now_ns));
        // A limit that was lowered forgives what is beyond.
        let [current, previous] =
            [state.current, state.previous].map(|units| units.min(self.charged_max()));
        let (current, previous) = if start == seen {
            (current, previous)
        } else if start == self.later_ns(seen, 1) {
            (0, current)
        } else {
            (0, 0)
        };
        let elapsed = now_ns.saturating_sub(start);
        let reach = self.period.as_nanos().saturating_sub(elapsed);
        (CounterState { start, current, previous }, reach)
    }

    /// When the window starts that contains a time.
    const fn window_ns(&self, at_ns: u64) -> u64 {
        match at_ns.checked_rem(self.period.as_nanos()) {
            Some(elapsed) => at_ns.saturating_sub(elapsed),
            None => at_ns,
        }
    }

    const fn later_ns(&self, start_ns: u64, windows: u64) -> u64 {
        start_ns.saturating_add(self.period.as_nanos().saturating_mul(windows))
    }

    /// The limit, and as much debt.
    const fn charged_max(&self) -> u64 {
        self.limit.saturating_mul(2)
    }

    /// `units` * period. Both are below 2^64.
    fn times_period(&self, units: u64) -> u128 {
        u128::from(units).saturating_mul(u128::from(self.period.as_nanos()))
    }

    /// How far into a window it is that `previous` units of the one before weigh no more than `room`,
    /// in nanoseconds: at most the period, when nothing is left of them.
    fn fade_ns(&self, previous: u64, room: u64) -> u64 {
        let period = self.period.as_nanos();
        // That is so iff previous * reach <= room * period.
        let reach_max = self.times_period(room).checked_div(u128::from(previous));
        let reach_max = reach_max.and_then(|reach| u64::try_from(reach).ok()).unwrap_or(period);
        period.saturating_sub(reach_max)
    }
}

impl Rule for SlidingCounter {
    type State = CounterState;

    fn capacity(&self, _: &Self::State) -> u64 {
        self.limit
    }

    fn fits(&self, state: &CounterState, now: Timestamp, units: u64) -> bool {
        let (CounterState { current, previous, .. }, reach) = self.at(state, now);
        let weighted = u128::from(previous).saturating_mul(u128::from(reach));
        let room = self.limit.checked_sub(current).and_then(|room| room.checked_sub(units));
        units == 0 || room.is_some_and(|room| weighted <= self.times_period(room))
    }

    fn charge(&self, state: &mut CounterState, now: Timestamp, units: u64) {
        if units > 0 {
            let (mut charged, _) = self.at(state, now);
            charged.current = charged.current.saturating_add(units).min(self.charged_max());
            *state = charged;
        }
    }

    fn remaining(&self, state: &CounterState, now: Timestamp) -> u64 {
        self.room(state, now).remaining
    }

    fn retry_after(&self, state: &CounterState, now: Timestamp, units: u64) -> Span {
        if units == 0 || self.fits(state, now, units) {
            return Span::ZERO;
        }
        if units > self.limit {
            return Span::NEVER;
        }
        let (CounterState { start, current, previous }, _) = self.at(state, now);
        let room = self.limit.saturating_sub(units);
        let fit_ns = match room.checked_sub(current) {
            // At the latest when this window ends: `current` keeps its weight then.
            Some(room) => start.saturating_add(self.fade_ns(previous, room)),
            // At the latest when the next one ends: nothing is left of either then.
            None => self.later_ns(start, 1).saturating_add(self.fade_ns(current, room)),
        };
        until(now, fit_ns)
    }

    fn reset_after(&self, state: &CounterState, now: Timestamp) -> Span {
        self.room(state, now).reset_after
    }

    fn room(&self, state: &CounterState, now: Timestamp) -> Room {
        let (CounterState { start, current, previous }, reach) = self.at(state, now);
        let weighted = u128::from(previous).saturating_mul(u128::from(reach));
        let rounding = self.times_period(1).saturating_sub(1);
        let rounded_up = weighted.saturating_add(rounding).checked_div(self.times_period(1));
        let rounded_up = rounded_up.and_then(|units| u64::try_from(units).ok()).unwrap_or(u64::MAX);
        Room {
            capacity: self.limit,
            remaining: self.limit.saturating_sub(current).saturating_sub(rounded_up),
            reset_after: match (current, previous) {
                (0, 0) => Span::ZERO,
                (0, _) => until(now, self.later_ns(start, 1)),
                _ => until(now, self.later_ns(start, 2)),
            },
        }
    }

    fn heal(&self, state: &mut CounterState, now: Timestamp) -> bool {
        // A window starts no later than the charge that it counts.
        let is_ahead = state.start > now.as_nanos().saturating_add(SKEW_MAX.as_nanos());
        if is_ahead {
            *state = CounterState::default();
            self.charge(state, now, self.limit);
        }
        is_ahead
    }
}

#[cfg(test)]
mod tests;
