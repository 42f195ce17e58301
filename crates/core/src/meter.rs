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

use crate::time::{Span, Timestamp};

/// How far beyond a possible TAT a record is still believed: what clocks of machines that share a
/// store may differ by. A record further ahead was written by a broken clock; it counts as empty.
pub const SKEW_MAX: Span = Span::from_secs(60);

/// A theoretical arrival time: whole nanoseconds, and a numerator over the meter's denominator.
///
/// The default, 0, is a full meter: a key never seen and a key that recovered are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tat {
    pub(crate) nanos: u64,
    pub(crate) part: u64,
}

/// Why a meter refuses a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room now; there will be, unless the meter never refills.
    Limited,
    /// The cost is above the burst: it can never pass.
    Impossible,
}

/// A meter's numbers, made ready for deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    burst: u64,
    /// T, reduced: `interval.nanos + interval.part / denominator`.
    interval: Tat,
    denominator: u64,
    /// burst * T.
    tolerance: Tat,
    /// Nothing is ever refilled: T is 1 ns, and the clock stands still at 0.
    frozen: bool,
}

impl Meter {
    /// A meter of `burst` units that regains `refill` units per `period`; a `refill` of 0 gives a
    /// budget that is spent once. Nothing when T or the time to full can't be represented.
    pub(crate) fn new(burst: u64, refill: u64, period: Span) -> Option<Self> {
        let frozen = refill == 0;
        let (period, refill) = if frozen { (1, 1) } else { (period.as_nanos(), refill) };
        let shared = gcd(period, refill);
        let (numerator, denominator) = (period.checked_div(shared)?, refill.checked_div(shared)?);
        let interval = Tat {
            nanos: numerator.checked_div(denominator)?,
            part: numerator.checked_rem(denominator)?,
        };
        let tolerance = times(interval, denominator, burst)?;
        (tolerance.nanos <= Span::MAX.as_nanos()).then_some(Self {
            burst,
            interval,
            denominator,
            tolerance,
            frozen,
        })
    }

    /// The most units that can be asked for at once.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.burst
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

    /// Charges `cost` units at `now`: the new TAT, or why not.
    ///
    /// A cost of 0 asks for nothing and always passes.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is charged then.
    #[inline]
    pub fn charge(&self, tat: Tat, now: Timestamp, cost: u64) -> Result<Tat, Refusal> {
        if cost == 0 {
            return Ok(tat);
        }
        if cost > self.burst {
            return Err(Refusal::Impossible);
        }
        let now = self.clock(now);
        let charged = self.plus(tat.max(now), self.span_of(cost));
        if charged <= self.plus(now, self.tolerance) { Ok(charged) } else { Err(Refusal::Limited) }
    }

    /// The TAT to go on with: `tat`, or that of an empty meter when `tat` is impossibly far ahead.
    #[inline]
    #[must_use]
    pub fn heal(&self, tat: Tat, now: Timestamp) -> Tat {
        let empty = self.plus(self.clock(now), self.tolerance);
        let believed = empty.nanos.saturating_add(SKEW_MAX.as_nanos());
        let tat = self.normalized(tat);
        if tat.nanos > believed { empty } else { tat }
    }

    /// The units that could be asked for at `now`.
    #[inline]
    #[must_use]
    pub fn remaining(&self, tat: Tat, now: Timestamp) -> u64 {
        let now = self.clock(now);
        if tat <= now {
            return self.burst;
        }
        let end = self.plus(now, self.tolerance);
        self.minus(end, tat).map_or(0, |room| self.units_in(room))
    }

    /// How long to wait until `cost` units pass, to the nanosecond: one less is too early.
    ///
    /// Zero when they pass now, [`Span::NEVER`] when they never will.
    #[inline]
    #[must_use]
    pub fn retry_after(&self, tat: Tat, now: Timestamp, cost: u64) -> Span {
        match self.charge(tat, now, cost) {
            Ok(_) => Span::ZERO,
            Err(Refusal::Limited) if !self.frozen => {
                let now = self.clock(now);
                let wanted = self.plus(tat.max(now), self.span_of(cost));
                let over = self.minus(wanted, self.plus(now, self.tolerance));
                over.unwrap_or_default().ceil()
            }
            Err(_) => Span::NEVER,
        }
    }

    /// How long until the meter is full again if nothing is charged, rounded up.
    #[inline]
    #[must_use]
    pub fn reset_after(&self, tat: Tat, now: Timestamp) -> Span {
        match self.minus(tat, self.clock(now)) {
            Some(owed) if owed > Tat::default() => {
                if self.frozen {
                    Span::NEVER
                } else {
                    owed.ceil()
                }
            }
            _ => Span::ZERO,
        }
    }

    #[inline]
    const fn clock(&self, now: Timestamp) -> Tat {
        Tat { nanos: if self.frozen { 0 } else { now.as_nanos() }, part: 0 }
    }

    /// `units` * T. It fits, since no more than the burst is ever asked for.
    #[inline]
    fn span_of(&self, units: u64) -> Tat {
        if self.interval.part == 0 {
            return Tat { nanos: self.interval.nanos.saturating_mul(units), part: 0 };
        }
        times(self.interval, self.denominator, units).unwrap_or(self.tolerance)
    }

    #[inline]
    const fn plus(&self, a: Tat, b: Tat) -> Tat {
        let nanos = a.nanos.saturating_add(b.nanos);
        // Both parts are below the denominator, which is below 2^53.
        let part = a.part.saturating_add(b.part);
        if part < self.denominator {
            Tat { nanos, part }
        } else {
            Tat { nanos: nanos.saturating_add(1), part: part.saturating_sub(self.denominator) }
        }
    }

    /// `a - b`, or nothing when that is negative.
    #[inline]
    fn minus(&self, a: Tat, b: Tat) -> Option<Tat> {
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
    fn units_in(&self, room: Tat) -> u64 {
        if self.interval.part == 0 && self.denominator == 1 {
            return room.nanos.checked_div(self.interval.nanos).unwrap_or(self.burst);
        }
        let scaled = |t: Tat| {
            let whole = u128::from(t.nanos).saturating_mul(u128::from(self.denominator));
            whole.saturating_add(u128::from(t.part))
        };
        let (room, interval) = (scaled(room), scaled(self.interval));
        // Dividing 64-bit numbers is several times faster, and nearly always enough.
        let units = match (u64::try_from(room), u64::try_from(interval)) {
            (Ok(room), Ok(interval)) => room.checked_div(interval).map(u128::from),
            _ => room.checked_div(interval),
        };
        units.and_then(|units| u64::try_from(units).ok()).unwrap_or(self.burst)
    }

    /// A numerator that another denominator left behind is rounded up to the next nanosecond.
    #[inline]
    const fn normalized(&self, tat: Tat) -> Tat {
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
    const fn ceil(self) -> Span {
        let up = if self.part > 0 { 1 } else { 0 };
        Span::from_nanos(self.nanos.saturating_add(up))
    }
}

/// `interval * units`, or nothing when that is beyond 64 bits of nanoseconds.
#[inline]
fn times(interval: Tat, denominator: u64, units: u64) -> Option<Tat> {
    let parts = u128::from(interval.part).checked_mul(u128::from(units))?;
    let (carry, part) = match u64::try_from(parts) {
        // A division costs more than all the rest, and few units don't need it.
        Ok(part) if part < denominator => (0, part),
        Ok(parts) => (parts.checked_div(denominator)?, parts.checked_rem(denominator)?),
        Err(_) => {
            let denominator = u128::from(denominator);
            let carry = u64::try_from(parts.checked_div(denominator)?).ok()?;
            (carry, u64::try_from(parts.checked_rem(denominator)?).ok()?)
        }
    };
    let nanos = interval.nanos.checked_mul(units)?.checked_add(carry)?;
    Some(Tat { nanos, part })
}

/// The greatest common divisor (Euclid).
fn gcd(mut a: u64, mut b: u64) -> u64 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}
