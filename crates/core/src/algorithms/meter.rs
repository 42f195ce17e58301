//! The exact meter: GCRA, token bucket and leaky bucket are three views of it.
//!
//! The generic cell rate algorithm (ITU-T I.371, annex A) keeps one number per key, the theoretical
//! arrival time (TAT): the time at which the meter will be full again. A unit pushes it by the
//! emission interval T. With a burst of `burst` units:
//!
//! ```text
//!   allowed iff  max(tat, now) + cost * T <= now + burst * T
//!
//!   now ─────────── tat ───────────────── now + burst * T
//!    │  owed: tat-now │  room: this / T units remain │
//! ```
//!
//! A token bucket that holds `burst` tokens and gains one every T has `remaining` tokens; a leaky
//! bucket that holds `burst` units and drains one every T is filled to `burst - remaining`.
//!
//! T is a fraction of nanoseconds (3 units per second: 333333333 1/3 ns), so times are kept as whole
//! nanoseconds and a numerator: nothing is rounded, ever, before it is shown.

mod exact;

use self::exact::{fraction, gcd};
use crate::algorithms::rule::Rule;
use crate::algorithms::wait::until;
use crate::time::{Span, Timestamp};

/// How far beyond a possible TAT a record is still believed: the most that the clocks of machines sharing a
/// store may differ. A record further ahead was written by a broken clock, and counts as used up.
pub const SKEW_MAX: Span = Span::from_secs(60);

/// A theoretical arrival time: whole nanoseconds, and a numerator over the meter's denominator.
///
/// The default, 0, is a full meter: a key never seen and a key that recovered are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tat {
    pub(crate) nanos: u64,
    pub(crate) part: u64,
}

/// A meter's numbers, made ready for deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    burst: u64,
    /// T is `numerator / denominator` nanoseconds, reduced.
    numerator: u64,
    denominator: u64,
    /// T.
    interval: Tat,
    /// burst * T.
    tolerance: Tat,
    /// What can be owed at most: another burst of debt.
    owed_max: Tat,
    /// What a key that was never seen owes: (burst - initial) * T.
    owed_at_first: Tat,
    /// Nothing is ever refilled: T is 1 ns, and the clock stands still at 0.
    frozen: bool,
}

impl Meter {
    /// A meter of `burst` units that regains `refill` units per `period`; a `refill` of 0 gives a
    /// budget that is spent once. `None` if `burst` or `period` is 0, or the time to full is above
    /// [`Span::MAX`].
    ///
    /// ```
    /// use tollgate_core::{Meter, Span, Tat, Timestamp};
    /// let meter = Meter::new(2, 3, Span::from_secs(1)).unwrap();
    /// let now = Timestamp::from_secs(1_800_000_000);
    /// let once = meter.try_charge(Tat::default(), now, 1).unwrap();
    /// let twice = meter.try_charge(once, now, 1).unwrap();
    /// assert_eq!(meter.try_charge(twice, now, 1), None);
    /// ```
    #[must_use]
    pub fn new(burst: u64, refill: u64, period: Span) -> Option<Self> {
        let frozen = refill == 0;
        let (period, refill) = if frozen { (1, 1) } else { (period.as_nanos(), refill) };
        let shared = gcd(period, refill);
        let (numerator, denominator) = (period.checked_div(shared)?, refill.checked_div(shared)?);
        let interval = fraction(numerator, denominator, 1)?;
        let tolerance = fraction(numerator, denominator, burst)?;
        let owed_at_first = Tat::default();
        let owed_max = tolerance;
        let mut meter = Self {
            burst,
            numerator,
            denominator,
            interval,
            tolerance,
            owed_max,
            owed_at_first,
            frozen,
        };
        meter.owed_max = meter.plus(tolerance, tolerance);
        let is_sane = burst > 0 && tolerance > Tat::default();
        (is_sane && tolerance.nanos <= Span::MAX.as_nanos()).then_some(meter)
    }

    /// The same meter, of which a key that was never seen has only `initial` units.
    pub(crate) fn starting_with(mut self, initial: u64) -> Self {
        self.owed_at_first = self.span_of(self.burst.saturating_sub(initial));
        self
    }

    /// Whether a key that was never seen has all units.
    pub(crate) fn starts_full(&self) -> bool {
        self.owed_at_first == Tat::default()
    }

    /// The time from empty to full, rounded up; [`Span::NEVER`] without refill.
    #[must_use]
    pub const fn time_to_full(&self) -> Span {
        if self.frozen { Span::NEVER } else { self.tolerance.ceil() }
    }

    /// Whether nothing is ever refilled.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Charges `cost` units at `now`: the new TAT, or `None` when they don't fit.
    ///
    /// A cost of 0 asks for nothing and always passes.
    #[inline]
    #[must_use]
    pub fn try_charge(&self, tat: Tat, now: Timestamp, cost: u64) -> Option<Tat> {
        if cost == 0 {
            return Some(tat);
        }
        if cost > self.burst {
            return None;
        }
        let now = self.clock(now);
        let charged = self.plus(tat.max(now), self.span_of(cost));
        (charged <= self.plus(now, self.tolerance)).then_some(charged)
    }

    /// How long a request of `own` units that was just let in has to stand in line: until what came
    /// before it, charged or `held`, has drained.
    pub(crate) fn delay(&self, tat: Tat, now: Timestamp, held: u64, own: u64) -> Span {
        let now = self.clock(now);
        let all = self.plus(tat.max(now), self.span_of(held));
        let before = self.minus(all, self.plus(now, self.span_of(own)));
        before.unwrap_or_default().ceil()
    }

    /// How long after `now` it is that what `a` is ahead of `b` has drained.
    #[inline]
    fn drained_after(&self, a: Tat, b: Tat, now: Timestamp) -> Span {
        match self.minus(a, b) {
            Some(ahead) if ahead > Tat::default() => {
                if self.frozen {
                    Span::NEVER
                } else {
                    until(now, now.as_nanos().saturating_add(ahead.ceil().as_nanos()))
                }
            }
            _ => Span::ZERO,
        }
    }
}

impl Rule for Meter {
    type State = Tat;

    #[inline]
    fn capacity(&self, _: &Tat) -> u64 {
        self.burst
    }

    #[inline]
    fn fits(&self, tat: &Tat, now: Timestamp, units: u64) -> bool {
        self.try_charge(*tat, now, units).is_some()
    }

    #[inline]
    fn charge(&self, tat: &mut Tat, now: Timestamp, units: u64) {
        if let Some(charged) = self.try_charge(*tat, now, units) {
            *tat = charged;
            return;
        }
        let clock = self.clock(now);
        // Units beyond two capacities would be forgiven below anyway.
        let (first, second) = (self.span_of(units), self.span_of(units.saturating_sub(self.burst)));
        let charged = self.plus(self.plus((*tat).max(clock), first), second);
        *tat = charged.min(self.plus(clock, self.owed_max).max(*tat));
    }

    #[inline]
    fn remaining(&self, tat: &Tat, now: Timestamp) -> u64 {
        let now = self.clock(now);
        if *tat <= now {
            return self.burst;
        }
        let end = self.plus(now, self.tolerance);
        self.minus(end, *tat).map_or(0, |room| self.units_in(room))
    }

    #[inline]
    fn retry_after(&self, tat: &Tat, now: Timestamp, units: u64) -> Span {
        if units == 0 {
            return Span::ZERO;
        }
        if units > self.burst {
            return Span::NEVER;
        }
        let clock = self.clock(now);
        let wanted = self.plus((*tat).max(clock), self.span_of(units));
        self.drained_after(wanted, self.plus(clock, self.tolerance), now)
    }

    #[inline]
    fn reset_after(&self, tat: &Tat, now: Timestamp) -> Span {
        self.drained_after(*tat, self.clock(now), now)
    }

    #[inline]
    fn heal(&self, tat: &mut Tat, now: Timestamp) -> bool {
        let clock = self.clock(now);
        if *tat == Tat::default() {
            *tat = if self.starts_full() { *tat } else { self.plus(clock, self.owed_at_first) };
            return !self.starts_full();
        }
        let ahead = self.owed_max.nanos.saturating_add(SKEW_MAX.as_nanos());
        let believed_nanos = clock.nanos.saturating_add(ahead);
        let is_sound = tat.part < self.denominator && tat.nanos <= believed_nanos;
        if !is_sound {
            *tat = self.normalized(*tat);
        }
        if tat.nanos > believed_nanos {
            *tat = self.plus(clock, self.tolerance);
        }
        !is_sound
    }
}

#[cfg(test)]
mod tests;
