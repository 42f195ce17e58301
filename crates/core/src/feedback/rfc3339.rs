//! Internet timestamps (RFC 3339, section 5.6).

use super::cursor::Cursor;
use super::date_time::{Date, Time, seconds, timestamp, unix_secs, year};
use super::decimal::Decimal;
use crate::time::Timestamp;

/// The time that `text` names, rounded up to the nanosecond: `2026-01-31T12:00:00.25+01:00`.
///
/// `T` and `Z` may be small, and a space may stand for the `T`, as the RFC has it.
pub(super) fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut cursor = Cursor::new(text);
    let date = date(&mut cursor)?;
    cursor.one(|byte| matches!(byte, b'T' | b't' | b' '))?;
    let time = Time::read(&mut cursor)?;
    let nanos = fraction_nanos(&mut cursor)?;
    let offset = offset_secs(&mut cursor)?;
    cursor.end()?;
    Some(timestamp(unix_secs(date, time)?.saturating_sub(offset), nanos))
}

fn date(cursor: &mut Cursor<'_>) -> Option<Date> {
    let year = year(cursor)?;
    cursor.literal("-")?;
    let month = cursor.two_digits()?;
    cursor.literal("-")?;
    Some(Date { year, month, day: cursor.two_digits()? })
}

fn fraction_nanos(cursor: &mut Cursor<'_>) -> Option<u64> {
    if cursor.peek() != Some(b'.') {
        return Some(0);
    }
    Some(Decimal::read(cursor)?.times_ceil(1_000_000_000))
}

/// Reads `Z` or `+hh:mm`: how far the clock was ahead of UTC, in seconds.
fn offset_secs(cursor: &mut Cursor<'_>) -> Option<i64> {
    let sign = cursor.one(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'))?;
    if sign.eq_ignore_ascii_case(&b'Z') {
        return Some(0);
    }
    let hours = cursor.two_digits()?;
    cursor.literal(":")?;
    let minutes = cursor.two_digits()?;
    let ahead = (hours <= 23 && minutes <= 59).then(|| seconds(hours, minutes))?;
    Some(if sign == b'-' { ahead.saturating_neg() } else { ahead })
}
