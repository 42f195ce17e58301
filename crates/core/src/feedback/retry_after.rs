//! How long not to call: `Retry-After` (RFC 9110, section 10.2.3) and its forms in milliseconds.

use super::decimal::Decimal;
use super::http_date;
use crate::time::{Span, Timestamp};

/// `Retry-After`: seconds, or a date, which is zero when it has passed.
///
/// The RFC has whole seconds only. Some providers send a fraction; it is taken, since to ignore it
/// would be to call at once. A number is never a date, however large: the RFC knows no such form.
pub(super) fn parse(text: &[u8], now: Timestamp) -> Option<Span> {
    let number = Decimal::parse(text).map(|number| number.times_ceil(1_000_000_000));
    let at = || http_date::parse(text, now).map(|at| at.since(now));
    number.map(Span::from_nanos).or_else(at)
}

/// `retry-after-ms` and `x-ms-retry-after-ms`: milliseconds, as OpenAI and Azure send them.
pub(super) fn parse_millis(text: &[u8]) -> Option<Span> {
    Decimal::parse(text).map(|number| Span::from_nanos(number.times_ceil(1_000_000)))
}

/// What both forms together say: the longer of them.
///
/// Who sends both sends the milliseconds rounded up as seconds. Then the seconds add nothing.
pub(super) fn combine(secs: Option<Span>, millis: Option<Span>) -> Option<Span> {
    match (secs, millis) {
        (Some(secs), Some(millis)) if Span::from_secs(millis.as_secs_ceil()) == secs => {
            Some(millis)
        }
        _ => secs.max(millis),
    }
}
