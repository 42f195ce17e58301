//! How a limit counts: what its numbers mean, and which are allowed.

use crate::algorithms::adaptive::Adaptive;
use crate::algorithms::any::AnyRule;
use crate::algorithms::calendar::is_utc_offset;
use crate::algorithms::fixed_window::FixedWindow;
use crate::algorithms::meter::Meter;
use crate::algorithms::recovery::{FACTOR_PERMILLE_MAX, FACTOR_PERMILLE_MIN, Recovery};
use crate::algorithms::sliding_counter::SlidingCounter;
use crate::algorithms::sliding_log::SlidingLog;
use crate::algorithms::slots::Slots;
use crate::algorithms::windows::Windows;
use crate::policy::limit_error::{Field, LimitError};
use crate::time::Span;

/// How a limit counts. All numbers are 1 to [`UNITS_MAX`](crate::UNITS_MAX) and all periods 1 ns to
/// [`Span::MAX`], unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// GCRA (ITU-T I.371): `limit` units per `period`, at most `burst` of them at once.
    Gcra {
        /// Units per period.
        limit: u64,
        /// The period.
        period: Span,
        /// The most units at once.
        burst: u64,
    },
    /// A bucket of `capacity` tokens that gains `refill` tokens per `period`.
    TokenBucket {
        /// The most tokens there are.
        capacity: u64,
        /// Tokens gained per period. 0 makes it a budget that is spent once.
        refill: u64,
        /// The period.
        period: Span,
        /// The tokens in it when a key is first seen: 0 to `capacity`.
        initial: u64,
    },
    /// A bucket of `capacity` tokens that gains `refill` tokens at once whenever a window ends, and
    /// none in between.
    IntervalBucket {
        /// The most tokens there are.
        capacity: u64,
        /// Tokens gained at the end of each window: at most `capacity`.
        refill: u64,
        /// The windows.
        windows: Windows,
        /// The tokens in it when a key is first seen: 0 to `capacity`.
        initial: u64,
    },
    /// A bucket of `capacity` units that starts empty and drains `leak` units per `period`,
    /// continuously: what would spill over is refused, the rest passes at once.
    LeakyBucket {
        /// The most units there are in it.
        capacity: u64,
        /// Units drained per period.
        leak: u64,
        /// The period.
        period: Span,
    },
    /// A queue that `leak` units leave per `period`, evenly: what finds `capacity` units in it is
    /// refused, and the rest is told in `delay` when its turn is.
    LeakyQueue {
        /// The most units that stand in line.
        capacity: u64,
        /// Units that leave per period.
        leak: u64,
        /// The period.
        period: Span,
    },
    /// At most `limit` units in each window. Around the end of a window up to twice as many pass.
    FixedWindow {
        /// Units per window.
        limit: u64,
        /// The windows.
        windows: Windows,
    },
    /// At most `limit` units in any stretch of time as long as `period`, exactly: every charge is
    /// remembered until it is over.
    SlidingLog {
        /// Units per period.
        limit: u64,
        /// The period.
        period: Span,
    },
    /// About `limit` units in any stretch as long as `period`: the window before this one is counted
    /// by how much of it the stretch still covers, as if its charges had come evenly.
    SlidingCounter {
        /// Units per period.
        limit: u64,
        /// The period.
        period: Span,
    },
    /// At most `slots` at the same time: what is asked for has to be held.
    Concurrency {
        /// The most units held.
        slots: u64,
    },
    /// A token bucket of `capacity` per `period` whose numbers are set while it is in use, that is
    /// reduced when the upstream pushes back, and recovers.
    Adaptive {
        /// The most units, and the units gained per period.
        capacity: u64,
        /// The period.
        period: Span,
        /// How it comes back from a reduction.
        recovery: Recovery,
    },
}

impl Algorithm {
    /// The algorithm made ready for deciding, if its numbers are in their ranges.
    pub(crate) fn rule(self) -> Result<AnyRule, LimitError> {
        match self {
            Self::Gcra { limit, period, burst } => {
                Field::Limit.check(limit, 1)?;
                Field::Burst.check(burst, 1)?;
                meter(Field::Burst, burst, limit, period).map(AnyRule::Meter)
            }
            Self::TokenBucket { capacity, refill, period, initial } => {
                Field::Capacity.check(capacity, 1)?;
                Field::Refill.check(refill, 0)?;
                Field::Initial.check_range(initial, 0, capacity)?;
                let meter = meter(Field::Capacity, capacity, refill, period)?;
                Ok(AnyRule::Meter(meter.starting_with(initial)))
            }
            Self::IntervalBucket { capacity, refill, windows, initial } => {
                Field::Capacity.check(capacity, 1)?;
                Field::Refill.check_range(refill, 1, capacity)?;
                Field::Initial.check_range(initial, 0, capacity)?;
                check_windows(windows)?;
                Ok(AnyRule::Window(
                    FixedWindow::new(capacity, refill, windows).starting_with(initial),
                ))
            }
            Self::LeakyBucket { capacity, leak, period } => {
                leaky(capacity, leak, period).map(AnyRule::Meter)
            }
            Self::LeakyQueue { capacity, leak, period } => {
                leaky(capacity, leak, period).map(AnyRule::Queue)
            }
            Self::FixedWindow { limit, windows } => {
                Field::Limit.check(limit, 1)?;
                check_windows(windows)?;
                Ok(AnyRule::Window(FixedWindow::new(limit, limit, windows)))
            }
            Self::SlidingLog { limit, period } => {
                Field::Limit.check(limit, 1)?;
                check_period(period)?;
                Ok(AnyRule::Log(SlidingLog::new(limit, period)))
            }
            Self::SlidingCounter { limit, period } => {
                Field::Limit.check(limit, 1)?;
                check_period(period)?;
                Ok(AnyRule::Counter(SlidingCounter::new(limit, period)))
            }
            Self::Concurrency { slots } => {
                Field::Slots.check(slots, 1)?;
                Ok(AnyRule::Slots(Slots::new(slots)))
            }
            Self::Adaptive { capacity, period, recovery } => {
                Field::Capacity.check(capacity, 1)?;
                check_period(period)?;
                check_recovery(recovery)?;
                Ok(AnyRule::Adaptive(Adaptive::new(capacity, period, recovery)))
            }
        }
    }
}

fn leaky(capacity: u64, leak: u64, period: Span) -> Result<Meter, LimitError> {
    Field::Capacity.check(capacity, 1)?;
    Field::Leak.check(leak, 1)?;
    meter(Field::Capacity, capacity, leak, period)
}

fn meter(capacity: Field, units: u64, refill: u64, period: Span) -> Result<Meter, LimitError> {
    check_period(period)?;
    Meter::new(units, refill, period).ok_or(LimitError::TimeToFull { capacity })
}

pub(crate) const fn check_period(period: Span) -> Result<(), LimitError> {
    if period.as_nanos() == 0 || period.as_nanos() > Span::MAX.as_nanos() {
        return Err(LimitError::Period(period));
    }
    Ok(())
}

fn check_windows(windows: Windows) -> Result<(), LimitError> {
    let offset_secs = match windows {
        Windows::Aligned { period, utc_offset_secs } => {
            check_period(period)?;
            utc_offset_secs
        }
        Windows::FirstUse { period } => return check_period(period),
        Windows::Calendar { utc_offset_secs, .. } => utc_offset_secs,
    };
    if is_utc_offset(offset_secs) { Ok(()) } else { Err(LimitError::UtcOffset(offset_secs)) }
}

fn check_recovery(recovery: Recovery) -> Result<(), LimitError> {
    let Recovery { interval, factor_permille, ceiling_permille } = recovery;
    if interval == Span::ZERO || interval > Span::MAX {
        return Err(LimitError::RecoveryInterval(interval));
    }
    let (least, most) = (FACTOR_PERMILLE_MIN, FACTOR_PERMILLE_MAX);
    Field::RecoveryFactor.check_range(factor_permille, least, most)?;
    Field::RecoveryCeiling.check_range(ceiling_permille, 1_000, most)
}
