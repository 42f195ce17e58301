//! Random limits of every algorithm, and random schedules.
//!
//! Whatever is drawn often is drawn as a few integers and made from them here: unoptimized, proptest
//! takes far longer to draw than the code under test takes to run.

use proptest::prelude::*;
use tollgate_core::{
    Algorithm, CalendarUnit, Limit, Overrun, Policy, Recovery, Span, UNITS_MAX, Windows,
};

use crate::support::burst_max;

/// What a limit is made of.
type Bits = (u64, u64, u64);

/// A policy of one to four limits.
pub(crate) fn policies() -> impl Strategy<Value = Policy> {
    limits().prop_map(|limits| Policy::new(limits).unwrap())
}

/// One to four limits, named `limit-0` and so on.
pub(crate) fn limits() -> impl Strategy<Value = Vec<Limit>> {
    proptest::collection::vec(any::<Bits>(), 1..=4)
        .prop_map(|bits| bits.into_iter().enumerate().map(limit_of).collect())
}

fn limit_of((index, bits): (usize, Bits)) -> Limit {
    let overrun = if bits.0 & 1 << 32 == 0 { Overrun::Debt } else { Overrun::Refuse };
    Limit::new(&format!("limit-{index}"), algorithm_of(bits)).unwrap().with_overrun(overrun)
}

fn algorithm_of((kind, a, b): Bits) -> Algorithm {
    let (limit, period) = (units_of(a), Span::from_nanos(period_of(b)));
    let refill = units_of(a.rotate_left(24));
    let burst = limit.min(burst_max(refill, period.as_nanos()));
    let initial = [limit, limit, 0, limit / 2][(a >> 60) as usize % 4];
    match kind % 11 {
        0 => Algorithm::Gcra { limit: refill, period, burst },
        1 => {
            Algorithm::TokenBucket { capacity: burst, refill, period, initial: initial.min(burst) }
        }
        2 => Algorithm::TokenBucket { capacity: limit, refill: 0, period, initial },
        3 => Algorithm::LeakyBucket { capacity: burst, leak: refill, period },
        4 => Algorithm::LeakyQueue { capacity: burst, leak: refill, period },
        5 => Algorithm::FixedWindow { limit, windows: windows_of(kind, period) },
        6 => {
            let (refill, windows) = (refill.min(limit), windows_of(kind, period));
            Algorithm::IntervalBucket { capacity: limit, refill, windows, initial }
        }
        7 => Algorithm::SlidingLog { limit, period },
        8 => Algorithm::SlidingCounter { limit, period },
        9 => Algorithm::Concurrency { slots: limit },
        _ => Algorithm::Adaptive { capacity: limit, period, recovery: recovery_of(kind, b) },
    }
}

/// Mostly few, so that boundaries are met.
fn units_of(bits: u64) -> u64 {
    match bits % 8 {
        0..=4 => 1 + (bits >> 8) % 12,
        5 | 6 => magnitude_of(bits >> 8, 1_000_000),
        _ => magnitude_of(bits >> 8, UNITS_MAX),
    }
}

fn period_of(bits: u64) -> u64 {
    match bits % 8 {
        0..=3 => 1 + (bits >> 8) % 40,
        4 => 1_000_000_000,
        5 => 60_000_000_000,
        6 => magnitude_of(bits >> 8, 1 << 40),
        _ => magnitude_of(bits >> 8, Span::MAX.as_nanos()),
    }
}

/// From 1 to `max`, where every order of magnitude is as likely as the next.
pub(crate) fn magnitude_of(bits: u64, max: u64) -> u64 {
    (bits.rotate_right(6) % max) >> (bits % u64::from(max.ilog2() + 1)) | 1
}

fn windows_of(bits: u64, period: Span) -> Windows {
    let utc_offset_secs = [0, 0, 3_600, -18_000][(bits >> 8) as usize % 4];
    match (bits >> 16) % 5 {
        0 | 1 => Windows::Aligned { period, utc_offset_secs },
        2 | 3 => Windows::FirstUse { period },
        _ if bits & 1 << 24 == 0 => Windows::Calendar { unit: CalendarUnit::Day, utc_offset_secs },
        _ => Windows::Calendar { unit: CalendarUnit::Week, utc_offset_secs },
    }
}

/// No small factors: they take thousands of steps, which have tests of their own.
fn recovery_of(bits: u64, interval: u64) -> Recovery {
    Recovery {
        interval: Span::from_nanos(period_of(interval.rotate_left(24))),
        factor_permille: [1_100, 1_500, 2_000, 3_000, 1_000_000][(bits >> 8) as usize % 5],
        ceiling_permille: [1_000, 1_000, 1_000, 2_000][(bits >> 16) as usize % 4],
    }
}

/// How long a schedule waits before it does something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    Not,
    Nanos(u64),
    /// This many 65536ths of a limit's period, or of twice that.
    PartOfPeriod(u16),
    /// As long as the last answer said, or a nanosecond less.
    Retry,
    JustBeforeRetry,
    Reset,
    /// Until the next hold expires, or until a nanosecond before.
    Expiry,
    JustBeforeExpiry,
}

/// What a schedule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Peek,
    Ask,
    /// With a request id.
    AskOnce,
    Hold,
    Settle,
    Release,
    Renew,
    Penalise,
    Lower,
    Reduce,
    SetCapacity,
    Block,
    Reset,
}

/// Asking, without holds.
pub(crate) const ASKING: &[Act] = {
    use Act::{Ask, Lower, Peek, Penalise};
    &[Ask, Ask, Ask, Ask, Ask, Peek, Penalise, Lower]
};
/// Asking and holding; each as often as it stands here.
pub(crate) const HOLDING: &[Act] = {
    use Act::{Ask, Hold, Peek, Release, Renew, Settle};
    &[Peek, Ask, Ask, Ask, Hold, Hold, Hold, Hold, Settle, Settle, Settle, Release, Renew]
};
/// The same, and what leaves less than there was.
pub(crate) const TAKING: &[Act] = {
    use Act::{Ask, Hold, Lower, Penalise, Reduce, Release, Renew, Settle};
    &[Ask, Ask, Hold, Hold, Hold, Settle, Settle, Release, Renew, Penalise, Lower, Reduce]
};
/// Everything but request ids.
pub(crate) const ANONYMOUS: &[Act] = {
    use Act::*;
    &[
        Ask,
        Ask,
        Ask,
        Ask,
        Hold,
        Hold,
        Hold,
        Hold,
        Hold,
        Settle,
        Settle,
        Release,
        Renew,
        Penalise,
        Lower,
        Reduce,
        Reduce,
        SetCapacity,
        Block,
        Reset,
    ]
};
/// Everything.
pub(crate) const ALL: &[Act] = {
    use Act::*;
    &[
        Peek,
        Ask,
        Ask,
        Ask,
        AskOnce,
        AskOnce,
        Hold,
        Hold,
        Hold,
        Hold,
        Hold,
        Settle,
        Settle,
        Release,
        Renew,
        Penalise,
        Lower,
        Reduce,
        Reduce,
        SetCapacity,
        Block,
        Reset,
    ]
};

/// One step: what it waits for, what it does, and with which numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) wait: Wait,
    pub(crate) act: Act,
    pub(crate) bits: u64,
}

pub(crate) fn schedule(acts: &'static [Act]) -> impl Strategy<Value = Vec<Step>> {
    let steps = proptest::collection::vec(any::<(u64, u64)>(), 1..16);
    steps.prop_map(|steps| steps.into_iter().map(|bits| step_of(acts, bits)).collect())
}

fn step_of(acts: &[Act], (choice, bits): (u64, u64)) -> Step {
    let number = choice >> 16;
    let wait = match choice % 16 {
        0..=4 => Wait::Not,
        5 => Wait::Nanos(1 + number % 20),
        6 => Wait::Nanos(magnitude_of(number, 1 << 62)),
        7 | 8 => Wait::PartOfPeriod((number >> 16) as u16),
        9 | 10 => Wait::Retry,
        11 => Wait::JustBeforeRetry,
        12 => Wait::Reset,
        13 | 14 => Wait::Expiry,
        _ => Wait::JustBeforeExpiry,
    };
    Step { wait, act: acts[(choice >> 8) as usize % acts.len()], bits }
}
