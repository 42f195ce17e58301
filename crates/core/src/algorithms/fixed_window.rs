//! The fixed window, and the token bucket that is refilled at intervals: one thing.
//!
//! Units are taken within a window, and where it ends `refill` of them come back at once. When that
//! is the whole limit, it is a fixed window: around a boundary, twice the limit can pass within a
//! moment. In general at most `limit + refill * (1 + w / period)` units pass in a time `w`.

use crate::algorithms::meter::SKEW_MAX;
use crate::algorithms::rule::{Room, Rule};
use crate::algorithms::wait::until;
use crate::algorithms::windows::Windows;
use crate::time::{Span, Timestamp};

/// At most `limit` units are taken; at each boundary of the windows, `refill` of them come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FixedWindow {
    limit: u64,
    refill: u64,
    windows: Windows,
    /// What a key that was never seen has used.
    used_at_first: u64,
}

/// What is remembered of a key. The default, nothing used, is a key that was never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct WindowState {
    /// When the window started in which `used` was last brought up to date, in nanoseconds since the
    /// epoch. A time before it counts as it.
    pub(crate) start: u64,
    /// Units taken and not come back; above the limit they are debt.
    pub(crate) used: u64,
}

impl FixedWindow {
    /// Of numbers that were checked: a limit of 1 to [`UNITS_MAX`](crate::UNITS_MAX), a refill of 1
    /// to the limit, a period of 1 ns to [`Span::MAX`].
    pub(crate) const fn new(limit: u64, refill: u64, windows: Windows) -> Self {
        Self { limit, refill, windows, used_at_first: 0 }
    }

    /// The same, of which a key that was never seen has only `initial` units.
    pub(crate) const fn starting_with(mut self, initial: u64) -> Self {
        self.used_at_first = self.limit.saturating_sub(initial);
        self
    }

    /// Whether a key that was never seen has all units.
    pub(crate) const fn starts_full(&self) -> bool {
        self.used_at_first == 0
    }

    /// How long a window is, at most.
    pub(crate) const fn period(&self) -> Span {
        self.windows.period()
    }

    /// The state brought up to date.
    fn at(&self, state: &WindowState, now: Timestamp) -> WindowState {
        let boundaries = self.windows.boundaries(state.start, now.as_nanos());
        let back = boundaries.saturating_mul(self.refill);
        match state.used.min(self.used_max()).saturating_sub(back) {
            0 => WindowState { start: self.windows.start_ns(now.as_nanos(), 0), used: 0 },
            used => WindowState { start: self.windows.start_ns(state.start, boundaries), used },
        }
    }

    /// The limit plus as much debt; a lowered limit forgives what exceeds that.
    const fn used_max(&self) -> u64 {
        self.limit.saturating_mul(2)
    }

    /// How long until `units` have come back to a state that is up to date. Every boundary brings back the same
    /// number, so the boundary is computed, not searched for.
    fn until_back(&self, state: WindowState, now: Timestamp, units: u64) -> Span {
        if units == 0 {
            return Span::ZERO;
        }
        let rounded_up = units.saturating_add(self.refill.saturating_sub(1));
        let boundaries = rounded_up.checked_div(self.refill).unwrap_or(u64::MAX);
        until(now, self.windows.start_ns(state.start, boundaries))
    }
}

impl Rule for FixedWindow {
    type State = WindowState;

    fn capacity(&self, _: &Self::State) -> u64 {
        self.limit
    }

    fn fits(&self, state: &WindowState, now: Timestamp, units: u64) -> bool {
        units <= self.remaining(state, now)
    }

    fn charge(&self, state: &mut WindowState, now: Timestamp, units: u64) {
        if units > 0 {
            let WindowState { start, used } = self.at(state, now);
            *state = WindowState { start, used: used.saturating_add(units).min(self.used_max()) };
        }
    }

    fn remaining(&self, state: &WindowState, now: Timestamp) -> u64 {
        self.limit.saturating_sub(self.at(state, now).used)
    }

    fn retry_after(&self, state: &WindowState, now: Timestamp, units: u64) -> Span {
        if units == 0 {
            return Span::ZERO;
        }
        if units > self.limit {
            return Span::NEVER;
        }
        let state = self.at(state, now);
        let over = state.used.saturating_add(units).saturating_sub(self.limit);
        self.until_back(state, now, over)
    }

    fn reset_after(&self, state: &WindowState, now: Timestamp) -> Span {
        self.room(state, now).reset_after
    }

    fn room(&self, state: &WindowState, now: Timestamp) -> Room {
        let state = self.at(state, now);
        Room {
            capacity: self.limit,
            remaining: self.limit.saturating_sub(state.used),
            reset_after: self.until_back(state, now, state.used),
        }
    }

    fn heal(&self, state: &mut WindowState, now: Timestamp) -> bool {
        if *state == WindowState::default() && !self.starts_full() {
            self.charge(state, now, self.used_at_first);
            return true;
        }
        // A window starts no later than the use that it counts.
        let is_ahead = state.start > now.as_nanos().saturating_add(SKEW_MAX.as_nanos());
        if is_ahead {
            *state = WindowState::default();
            self.charge(state, now, self.limit);
        }
        is_ahead
    }
}

#[cfg(test)]
mod tests;
