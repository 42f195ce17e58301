//! How a capacity that was reduced comes back: a pure function of the time that has passed.

use crate::UNITS_MAX;
use crate::time::{Span, Timestamp};

/// Recovery counts in units of 2^-32, so that a capacity of 1 that grows by a tenth does grow.
const FRACTION_BITS: u32 = 32;
/// A factor of 1.
const WHOLE_PERMILLE: u64 = 1_000;
/// The smallest factor, 1.01: from 1 unit to 2^53 - 1 in fewer than 3,700 steps, which bounds the work.
pub(crate) const FACTOR_PERMILLE_MIN: u64 = 1_010;
/// The largest factor, 1,000: more is the same as none.
pub(crate) const FACTOR_PERMILLE_MAX: u64 = 1_000_000;

/// How a reduced capacity grows again: every `interval` it is multiplied by `factor_permille` / 1000,
/// up to `ceiling`.
///
/// Each step is computed in units of 2^-32 and rounded down, so a capacity of 1 recovers as well as
/// one of a million, and every host comes to the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// Time between two steps: 1 ns to [`Span::MAX`].
    pub interval: Span,
    /// What each step multiplies by, in thousandths: 1,010 to 1,000,000.
    pub factor_permille: u64,
    /// Where it ends, in thousandths of the capacity that was reduced: 1,000 is that capacity. At
    /// least 1,000, at most 1,000,000.
    pub ceiling_permille: u64,
}

impl Default for Recovery {
    /// A tenth more every 30 seconds, up to what it was.
    fn default() -> Self {
        Self {
            interval: Span::from_secs(30),
            factor_permille: 1_100,
            ceiling_permille: WHOLE_PERMILLE,
        }
    }
}

/// A reduction that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reduction {
    /// What the capacity was reduced to.
    pub(crate) to: u64,
    /// When.
    pub(crate) since: Timestamp,
}

/// A stretch of time in which the capacity does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) capacity: u64,
    /// The same before it was rounded down.
    exact: u128,
    /// Nanoseconds since the epoch at which it ends; the last one has no end.
    pub(crate) end: Option<u64>,
}

impl Stretch {
    /// Whether it is not over at `at_ns`.
    pub(crate) fn lasts(&self, at_ns: u64) -> bool {
        self.end.is_none_or(|end| at_ns < end)
    }

    /// Whether less passes from now on than in `other`: the capacity is lower, or as low for longer.
    pub(crate) fn is_below(&self, other: &Self) -> bool {
        let end = |stretch: &Self| stretch.end.unwrap_or(u64::MAX);
        self.exact < other.exact || (self.exact == other.exact && end(self) > end(other))
    }
}

/// The stretches of a capacity, in order; the last one has no end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretches {
    recovery: Recovery,
    ceiling: u128,
    /// The capacity of the next one, before it is clipped, and its start.
    next: Option<(u128, u64)>,
}

impl Recovery {
    /// Where the recovery of `original` ends.
    pub(crate) fn ceiling(self, original: u64) -> u64 {
        permille(original, self.ceiling_permille).min(UNITS_MAX)
    }

    /// The stretches of `original`, from its reduction on if there was one.
    pub(crate) fn stretches(self, original: u64, reduction: Option<Reduction>) -> Stretches {
        let Some(Reduction { to, since }) = reduction else {
            let steady = scaled(original);
            return Stretches { recovery: self, ceiling: steady, next: Some((steady, 0)) };
        };
        let ceiling = scaled(self.ceiling(original));
        let next = Some((scaled(to), since.as_nanos()));
        Stretches { recovery: self, ceiling, next }
    }
}

impl Iterator for Stretches {
    type Item = Stretch;

    // Not inlined into its many callers: it is much code, and seldom runs.
    #[inline(never)]
    fn next(&mut self) -> Option<Stretch> {
        let (capacity, start) = self.next?;
        let capacity = capacity.min(self.ceiling);
        let grown = capacity.saturating_mul(self.recovery.factor_permille.into()) / 1_000;
        // Where nothing grows any more, and at the end of time, this is for ever.
        let end = start.checked_add(self.recovery.interval.as_nanos());
        let end = end.filter(|_| capacity < self.ceiling && grown > capacity);
        self.next = end.map(|end| (grown, end));
        Some(Stretch { capacity: whole(capacity), exact: capacity, end })
    }
}

/// `units` times so many thousandths, rounded down.
pub(crate) fn permille(units: u64, permille: u64) -> u64 {
    let product = u128::from(units).saturating_mul(permille.into()) / 1_000;
    u64::try_from(product).unwrap_or(u64::MAX)
}

fn scaled(units: u64) -> u128 {
    u128::from(units) << FRACTION_BITS
}

fn whole(scaled: u128) -> u64 {
    u64::try_from(scaled >> FRACTION_BITS).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
