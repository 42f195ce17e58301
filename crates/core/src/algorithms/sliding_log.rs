//! The exact sliding window: every charge is remembered until it is a period old.
//!
//! ```text
//!   allowed iff  units charged in (now - period, now] + cost <= limit
//! ```
//!
//! So a charge at t leaves at t + period, and not a nanosecond later: no window of one period, wherever
//! it starts, ever holds more than the limit. The price is memory, so there is a second rule, as exact
//! as the first: who finds [`LOG_ENTRIES_MAX`] charges in the window waits until the oldest leaves.
//! That only ever makes callers wait, and with a limit of at most that many units the first rule
//! always comes before it. A hold needs no entry before it is charged, so with a larger limit it may be
//! a hold's end that fills the log.

use crate::algorithms::meter::SKEW_MAX;
use crate::algorithms::rule::Rule;
use crate::algorithms::wait::until;
use crate::time::{Span, Timestamp};

mod entries;

pub use entries::LOG_ENTRIES_MAX;
pub(crate) use entries::{LOG_BYTES_MAX, Log};

/// At most `limit` units in any time of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlidingLog {
    limit: u64,
    period: Span,
}

impl SlidingLog {
    /// Of numbers that were checked: a limit of 1 to [`UNITS_MAX`](crate::UNITS_MAX), a period of 1 ns
    /// to [`Span::MAX`].
    pub(crate) const fn new(limit: u64, period: Span) -> Self {
        Self { limit, period }
    }

    pub(crate) const fn period(&self) -> Span {
        self.period
    }

    /// When a charge at `time_ns` leaves the window.
    const fn leaves_ns(&self, time_ns: u64) -> u64 {
        time_ns.saturating_add(self.period.as_nanos())
    }

    /// The time of the newest charge that has to leave before `units`, at most the limit, fit: either
    /// rule may want it. All older ones leave before.
    fn last_in_the_way(&self, log: &Log, units: u64) -> Option<u64> {
        let room = self.limit.saturating_sub(units);
        let mut newer_units = 0_u64;
        let mut entries = 0_usize;
        for entry in log.entries().iter().rev() {
            newer_units = newer_units.saturating_add(entry.units);
            entries = entries.saturating_add(1);
            if newer_units > room || entries >= LOG_ENTRIES_MAX {
                return Some(entry.time);
            }
        }
        None
    }
}

impl Rule for SlidingLog {
    type State = Log;

    fn capacity(&self, _: &Self::State) -> u64 {
        self.limit
    }

    fn fits(&self, log: &Log, now: Timestamp, units: u64) -> bool {
        self.retry_after(log, now, units) == Span::ZERO
    }

    fn charge(&self, log: &mut Log, now: Timestamp, units: u64) {
        if units == 0 {
            return;
        }
        log.forget(|time_ns| self.leaves_ns(time_ns) <= now.as_nanos());
        let room = self.limit.saturating_mul(2).saturating_sub(log.units());
        log.note(now.as_nanos(), units.min(room));
    }

    fn remaining(&self, log: &Log, now: Timestamp) -> u64 {
        let in_window = log.since(|time_ns| self.leaves_ns(time_ns) <= now.as_nanos());
        if in_window.len() >= LOG_ENTRIES_MAX {
            return 0;
        }
        let units = in_window.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.units));
        self.limit.saturating_sub(units)
    }

    fn retry_after(&self, log: &Log, now: Timestamp, units: u64) -> Span {
        if units == 0 {
            return Span::ZERO;
        }
        if units > self.limit {
            return Span::NEVER;
        }
        let time_ns = self.last_in_the_way(log, units);
        time_ns.map_or(Span::ZERO, |time_ns| until(now, self.leaves_ns(time_ns)))
    }

    fn reset_after(&self, log: &Log, now: Timestamp) -> Span {
        log.newest_ns().map_or(Span::ZERO, |time_ns| until(now, self.leaves_ns(time_ns)))
    }

    fn heal(&self, log: &mut Log, now: Timestamp) -> bool {
        let believed_ns = now.as_nanos().saturating_add(SKEW_MAX.as_nanos());
        let is_ahead = log.newest_ns().is_some_and(|time_ns| time_ns > believed_ns);
        if is_ahead {
            *log = Log::default();
            self.charge(log, now, self.limit);
        }
        is_ahead
    }
}

#[cfg(test)]
mod tests;
