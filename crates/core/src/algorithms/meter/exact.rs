//! Exact times: whole nanoseconds, and a numerator over the meter's denominator.

use super::{Meter, Tat};
use crate::time::{Span, Timestamp};

impl Meter {
    #[inline]
    pub(super) const fn clock(&self, now: Timestamp) -> Tat {
        Tat { nanos: if self.frozen { 0 } else { now.as_nanos() }, part: 0 }
    }

    /// `units` * T, for units up to the burst; that of the burst for more.
    #[inline]
    pub(super) fn span_of(&self, units: u64) -> Tat {
        if units == 1 {
            return self.interval;
        }
        if units >= self.burst {
            return self.tolerance;
        }
        if self.denominator == 1 {
            // Less than the tolerance, so it can't wrap; a saturating product takes 128 bits.
            return Tat { nanos: self.numerator.wrapping_mul(units), part: 0 };
        }
        fraction(self.numerator, self.denominator, units).unwrap_or(self.tolerance)
    }

    #[inline]
    pub(super) const fn plus(&self, a: Tat, b: Tat) -> Tat {
        let nanos = a.nanos.saturating_add(b.nanos);
        // Both parts are below the denominator, which is below 2^53.
        let part = a.part.saturating_add(b.part);
        if part < self.denominator {
            Tat { nanos, part }
        } else {
            Tat { nanos: nanos.saturating_add(1), part: part.saturating_sub(self.denominator) }
        }
    }

    /// `a - b`, or `None` when that is negative.
    #[inline]
    pub(super) fn minus(&self, a: Tat, b: Tat) -> Option<Tat> {
        let (nanos, part) = match a.part.checked_sub(b.part) {
            Some(part) => (a.nanos, part),
            None => {
                let borrowed = a.part.saturating_add(self.denominator);
                (a.nanos.checked_sub(1)?, borrowed.saturating_sub(b.part))
            }
        };
        Some(Tat { nanos: nanos.checked_sub(b.nanos)?, part })
    }

    /// Whole units that fit in `room`: floor(room / T).
    #[inline]
    pub(super) fn units_in(&self, room: Tat) -> u64 {
        if self.denominator == 1 {
            return room.nanos.checked_div(self.numerator).unwrap_or(self.burst);
        }
        let (low, high) = room.nanos.carrying_mul(self.denominator, room.part);
        // Dividing 64-bit numbers is several times faster, and nearly always enough.
        if high == 0 {
            return low.checked_div(self.numerator).unwrap_or(self.burst);
        }
        let units = wide(low, high).checked_div(self.numerator.into());
        units.and_then(|units| u64::try_from(units).ok()).unwrap_or(self.burst)
    }

    /// A numerator that another denominator left behind is rounded up to the next nanosecond.
    #[inline]
    pub(super) const fn normalized(&self, tat: Tat) -> Tat {
        if tat.part < self.denominator {
            tat
        } else {
            Tat { nanos: tat.nanos.saturating_add(1), part: 0 }
        }
    }
}

impl Tat {
    /// Rounded up to whole nanoseconds.
    #[inline]
    pub(super) const fn ceil(self) -> Span {
        let up = if self.part > 0 { 1 } else { 0 };
        Span::from_nanos(self.nanos.saturating_add(up))
    }
}

/// `numerator * units / denominator` nanoseconds, or `None` when that is beyond 64 bits of them.
#[inline]
pub(super) fn fraction(numerator: u64, denominator: u64, units: u64) -> Option<Tat> {
    let (low, high) = numerator.carrying_mul(units, 0);
    if high == 0 {
        let (nanos, part) = (low.checked_div(denominator)?, low.checked_rem(denominator)?);
        return Some(Tat { nanos, part });
    }
    let (all, denominator) = (wide(low, high), u128::from(denominator));
    let nanos = u64::try_from(all.checked_div(denominator)?).ok()?;
    let part = u64::try_from(all.checked_rem(denominator)?).ok()?;
    Some(Tat { nanos, part })
}

/// A number of 128 bits, of its halves.
const fn wide(low: u64, high: u64) -> u128 {
    (high as u128) << 64 | low as u128
}

/// The greatest common divisor (Euclid).
pub(super) fn gcd(mut a: u64, mut b: u64) -> u64 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}
