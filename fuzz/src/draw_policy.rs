//! Policies, drawn from a fuzzer's bytes.

use arbitrary::{Error, Result, Unstructured};
use tollgate_core::{
    Algorithm, CalendarUnit, LIMITS_MAX, Limit, Overrun, Policy, Recovery, Span, UNITS_MAX,
    UTC_OFFSET_SECS_MAX, Windows,
};

use crate::draw::{number, positive, span};

/// Any policy: none to [`LIMITS_MAX`] limits of all algorithms.
pub(crate) fn policy(bytes: &mut Unstructured<'_>) -> Result<Policy> {
    let count = number(bytes, LIMITS_MAX as u64)?;
    let limits: Vec<Limit> = (0..count).map(|index| limit(bytes, index)).collect::<Result<_>>()?;
    Policy::new(limits).map_err(|_| Error::IncorrectFormat)
}

/// Any limit. Where its numbers are refused together, it is one unit per second.
fn limit(bytes: &mut Unstructured<'_>, index: u64) -> Result<Limit> {
    let name = format!("limit-{index}");
    let second = Span::from_secs(1);
    let limit = Limit::new(&name, algorithm(bytes)?)
        .or_else(|_| Limit::gcra(&name, 1, second, 1))
        .map_err(|_| Error::IncorrectFormat)?;
    let [per_call, shadow, refuse] = options(bytes)?;
    let limit = if per_call { limit.per_call() } else { limit };
    let limit = if shadow { limit.shadow() } else { limit };
    Ok(if refuse { limit.with_overrun(Overrun::Refuse) } else { limit })
}

/// Three options, each rarer than not.
fn options(bytes: &mut Unstructured<'_>) -> Result<[bool; 3]> {
    let drawn: u8 = bytes.arbitrary()?;
    Ok([drawn & 7 == 7, (drawn >> 3) & 7 == 7, (drawn >> 6) & 3 == 3])
}

fn algorithm(bytes: &mut Unstructured<'_>) -> Result<Algorithm> {
    let kind = bytes.int_in_range(0..=9_u8)?;
    let units = positive(bytes, UNITS_MAX)?;
    if kind == 9 {
        return Ok(Algorithm::Concurrency { slots: units });
    }
    let period = span(bytes, Span::MAX)?;
    Ok(match kind {
        0 => Algorithm::Gcra { limit: positive(bytes, UNITS_MAX)?, period, burst: units },
        1 => {
            let (refill, initial) = (number(bytes, UNITS_MAX)?, number(bytes, units)?);
            Algorithm::TokenBucket { capacity: units, refill, period, initial }
        }
        2 => {
            let (refill, initial) = (positive(bytes, units)?, number(bytes, units)?);
            let windows = windows(bytes, period)?;
            Algorithm::IntervalBucket { capacity: units, refill, windows, initial }
        }
        3 => Algorithm::LeakyBucket { capacity: units, leak: positive(bytes, UNITS_MAX)?, period },
        4 => Algorithm::LeakyQueue { capacity: units, leak: positive(bytes, UNITS_MAX)?, period },
        5 => Algorithm::FixedWindow { limit: units, windows: windows(bytes, period)? },
        6 => Algorithm::SlidingLog { limit: units, period },
        7 => Algorithm::SlidingCounter { limit: units, period },
        _ => Algorithm::Adaptive { capacity: units, period, recovery: recovery(bytes)? },
    })
}

fn windows(bytes: &mut Unstructured<'_>, period: Span) -> Result<Windows> {
    let utc_offset_secs = bytes.int_in_range(-UTC_OFFSET_SECS_MAX..=UTC_OFFSET_SECS_MAX)?;
    let calendar = |unit| Windows::Calendar { unit, utc_offset_secs };
    Ok(match bytes.int_in_range(0..=4_u8)? {
        0 => Windows::Aligned { period, utc_offset_secs },
        1 => Windows::FirstUse { period },
        2 => calendar(CalendarUnit::Day),
        3 => calendar(CalendarUnit::Week),
        _ => calendar(CalendarUnit::Month),
    })
}

fn recovery(bytes: &mut Unstructured<'_>) -> Result<Recovery> {
    if bytes.ratio(1, 2)? {
        return Ok(Recovery::default());
    }
    Ok(Recovery {
        interval: span(bytes, Span::MAX)?,
        factor_permille: number(bytes, 998_990)?.saturating_add(1_010),
        ceiling_permille: number(bytes, 999_000)?.saturating_add(1_000),
    })
}
