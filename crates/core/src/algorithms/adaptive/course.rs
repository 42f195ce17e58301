//! The course of a level from a known time: in each stretch it rises at the rate of that stretch's capacity, up to one
//! capacity.

use crate::algorithms::recovery::{Stretch, Stretches};
use crate::time::Span;

/// The course of a level, stretch by stretch.
pub(super) struct Course {
    pub(super) stretches: Stretches,
    pub(super) period: Span,
    pub(super) level: i128,
    pub(super) at: u64,
}

/// One stretch of a course.
pub(super) struct Leg {
    pub(super) stretch: Stretch,
    /// The level at its start.
    pub(super) level: i128,
    /// Where the course enters it.
    pub(super) at: u64,
}

impl Iterator for Course {
    type Item = Leg;

    // Not inlined into its many callers: it is much code, and seldom runs.
    #[inline(never)]
    fn next(&mut self) -> Option<Leg> {
        let (at, period) = (self.at, self.period);
        let stretch = self.stretches.find(|stretch| stretch.lasts(at))?;
        let leg = Leg { stretch, level: self.level.min(full(stretch.capacity, period)), at };
        if let Some(end) = stretch.end {
            (self.level, self.at) = (leg.level_at(end, period), end);
        }
        Some(leg)
    }
}

impl Leg {
    /// The level at a time within it.
    pub(super) fn level_at(&self, at: u64, period: Span) -> i128 {
        let passed = at.saturating_sub(self.at);
        let gained = i128::from(self.stretch.capacity).saturating_mul(passed.into());
        self.level.saturating_add(gained).min(full(self.stretch.capacity, period))
    }
}

/// A number of units as a level.
#[inline(never)]
pub(super) fn full(units: u64, period: Span) -> i128 {
    i128::from(units).saturating_mul(i128::from(period.as_nanos()))
}

/// A level in units of 1 / `before`, in units of 1 / `after`, rounded down.
pub(super) fn rescaled(level: i128, before: Span, after: Span) -> i128 {
    let (before, after) = (i128::from(before.as_nanos()), i128::from(after.as_nanos()));
    let (units, rest) = (level.checked_div_euclid(before), level.checked_rem_euclid(before));
    let rest = rest.unwrap_or(0).saturating_mul(after).checked_div(before).unwrap_or(0);
    units.unwrap_or(0).saturating_mul(after).saturating_add(rest)
}
