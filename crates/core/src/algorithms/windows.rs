//! When one window of time ends and the next one starts.

use crate::algorithms::calendar::CalendarUnit;
use crate::time::Span;

/// How time is divided into windows. The boundary belongs to the window that it starts.
///
/// ```
/// use tollgate_core::{CalendarUnit, Span, Windows};
///
/// // Days of UTC; the same from noon to noon; days of New York, in winter.
/// let day = Span::from_secs(86_400);
/// let days = [
///     Windows::Aligned { period: day, utc_offset_secs: 0 },
///     Windows::Aligned { period: day, utc_offset_secs: 12 * 3_600 },
///     Windows::Calendar { unit: CalendarUnit::Day, utc_offset_secs: -5 * 3_600 },
/// ];
/// assert!(days.iter().all(|windows| *windows != Windows::FirstUse { period: day }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Windows {
    /// Aligned to multiples of the period since the Unix epoch, shifted by an offset: with an offset
    /// of an hour, windows start an hour earlier than those of UTC.
    Aligned {
        /// How long each window is: 1 ns to [`Span::MAX`].
        period: Span,
        /// Local time less UTC, in seconds: at most
        /// [`UTC_OFFSET_SECS_MAX`](crate::UTC_OFFSET_SECS_MAX) either way.
        utc_offset_secs: i32,
    },
    /// The first use starts a window. Others follow it for as long as something is used; after that,
    /// the next use is a first one again.
    FirstUse {
        /// How long each window is: 1 ns to [`Span::MAX`].
        period: Span,
    },
    /// Days, weeks or months of the calendar.
    Calendar {
        /// How long each window is.
        unit: CalendarUnit,
        /// Local time less UTC, in seconds: at most
        /// [`UTC_OFFSET_SECS_MAX`](crate::UTC_OFFSET_SECS_MAX) either way.
        utc_offset_secs: i32,
    },
}

impl Windows {
    /// How long a window is; of months, the longest.
    pub(crate) const fn period(self) -> Span {
        match self {
            Self::Aligned { period, .. } | Self::FirstUse { period } => period,
            Self::Calendar { unit, .. } => unit.longest(),
        }
    }

    /// How many windows start after `start_ns`, and not after `at_ns`: none when that is earlier. Where
    /// the first use counts, that was at `start_ns`.
    pub(crate) fn boundaries(self, start_ns: u64, at_ns: u64) -> u64 {
        match self {
            Self::Aligned { period, utc_offset_secs } => {
                let aligned = Aligned::new(period, utc_offset_secs);
                aligned.number(at_ns).saturating_sub(aligned.number(start_ns))
            }
            Self::FirstUse { period } => {
                at_ns.saturating_sub(start_ns).checked_div(period.as_nanos()).unwrap_or(0)
            }
            Self::Calendar { unit, utc_offset_secs } => {
                let number = |at_ns| unit.number(at_ns, utc_offset_secs);
                u64::try_from(number(at_ns).saturating_sub(number(start_ns))).unwrap_or(0)
            }
        }
    }

    /// When the window starts that comes `boundaries` after the one that contains `start_ns`, in
    /// nanoseconds: that window itself for 0, and 0 ns when that started before the epoch. What is
    /// beyond 64 bits saturates.
    pub(crate) fn start_ns(self, start_ns: u64, boundaries: u64) -> u64 {
        match self {
            Self::Aligned { period, utc_offset_secs } => {
                let aligned = Aligned::new(period, utc_offset_secs);
                aligned.start_ns(aligned.number(start_ns).saturating_add(boundaries))
            }
            Self::FirstUse { period } => {
                start_ns.saturating_add(period.as_nanos().saturating_mul(boundaries))
            }
            Self::Calendar { unit, utc_offset_secs } => {
                let number = unit.number(start_ns, utc_offset_secs);
                unit.start_ns(number.saturating_add_unsigned(boundaries), utc_offset_secs)
            }
        }
    }
}

/// Windows at multiples of a period, all of them early by `lead_ns`, which is less than the period.
struct Aligned {
    period_ns: u64,
    lead_ns: u64,
}

impl Aligned {
    fn new(period: Span, utc_offset_secs: i32) -> Self {
        let period_ns = period.as_nanos();
        // Both are far from the ends of 64 bits, with a sign too.
        let offset_ns = i64::from(utc_offset_secs).saturating_mul(1_000_000_000);
        let lead_ns = offset_ns.checked_rem_euclid(period_ns.cast_signed()).unwrap_or(0);
        Self { period_ns, lead_ns: lead_ns.cast_unsigned() }
    }

    fn number(&self, at_ns: u64) -> u64 {
        at_ns.saturating_add(self.lead_ns).checked_div(self.period_ns).unwrap_or(0)
    }

    fn start_ns(&self, number: u64) -> u64 {
        number.saturating_mul(self.period_ns).saturating_sub(self.lead_ns)
    }
}
