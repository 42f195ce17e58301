//! When a level is full again: a field that every provider fills in its own way.

use super::decimal::Decimal;
use super::{go_duration, http_date, rfc3339};
use crate::time::{Span, Timestamp};

/// From here on a number is a date in Unix seconds: as a span it would be 31 years. (September 2001.)
const EPOCH_SECS_MIN: u64 = 1_000_000_000;
/// From here on a date is in milliseconds: in seconds it would be the year 5138.
const EPOCH_MILLIS_MIN: u64 = 100_000_000_000;
/// From here on a number is no date at all: in milliseconds it would be the year 5138.
const EPOCH_MILLIS_END: u64 = 100_000_000_000_000;

/// How long from `now` until the moment that `text` names; zero when it has passed.
///
/// It may be a number (see [`of_number`]), a span as Go writes it, an RFC 3339 timestamp or an
/// HTTP-date. No text is two of them.
pub(super) fn parse(text: &[u8], now: Timestamp) -> Option<Span> {
    if let Some(number) = Decimal::parse(text) {
        return of_number(number, now);
    }
    let at = || rfc3339::parse(text).or_else(|| http_date::parse(text, now));
    go_duration::parse(text).or_else(|| at().map(|at| at.since(now)))
}

/// Seconds from now, Unix seconds or Unix milliseconds: which one, the size tells.
fn of_number(number: Decimal<'_>, now: Timestamp) -> Option<Span> {
    let (secs, millis) = (number.times_ceil(1_000_000_000), number.times_ceil(1_000_000));
    match number.whole {
        0..EPOCH_SECS_MIN => Some(Span::from_nanos(secs)),
        EPOCH_SECS_MIN..EPOCH_MILLIS_MIN => Some(Timestamp::from_nanos(secs).since(now)),
        EPOCH_MILLIS_MIN..EPOCH_MILLIS_END => Some(Timestamp::from_nanos(millis).since(now)),
        EPOCH_MILLIS_END.. => None,
    }
}
