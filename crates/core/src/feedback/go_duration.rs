//! Spans as Go writes them (package `time`, `Duration.String` and `ParseDuration`).

use super::cursor::Cursor;
use super::decimal::Decimal;
use crate::time::Span;

/// Units and their nanoseconds. `ms` stands before `m`, which it begins with; micro is written with
/// the micro sign (U+00B5) or the Greek letter (U+03BC).
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The span that `text` is: one or more numbers, each with its unit, such as `1h2m3.5s` or `500µs`.
///
/// Each part is rounded up to the nanosecond. A sign is malformed: there is no wait below zero.
pub(super) fn parse(text: &[u8]) -> Option<Span> {
    let mut cursor = Cursor::new(text);
    let mut nanos = 0_u64;
    loop {
        let number = Decimal::read(&mut cursor)?;
        let (_, unit) = UNITS.iter().find(|(name, _)| cursor.literal(name).is_some())?;
        nanos = nanos.saturating_add(number.times_ceil(*unit));
        if cursor.is_empty() {
            return Some(Span::from_nanos(nanos));
        }
    }
}
