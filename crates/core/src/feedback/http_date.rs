//! HTTP-date in its three forms (RFC 9110, section 5.6.7).

use super::cursor::Cursor;
use super::date_time::{Date, Time, timestamp, unix_secs, year};
use crate::time::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// 50 years of 365.2425 days.
const FIFTY_YEARS_SECS: i64 = 1_577_847_600;
/// Whatever `now` is, a year that is at most 50 years ahead of it begins with one of these.
const CENTURIES: [i64; 5] = [2300, 2200, 2100, 2000, 1900];

/// The time that `text` names: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate), or the obsolete
/// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov  6 08:49:37 1994` (asctime).
///
/// Letter case and spaces are as in the RFC. The day of the week says nothing that the date does
/// not, and is not checked against it.
pub(super) fn parse(text: &[u8], now: Timestamp) -> Option<Timestamp> {
    let secs = imf_fixdate(text).or_else(|| rfc850(text, now)).or_else(|| asctime(text))?;
    Some(timestamp(secs, 0))
}

fn imf_fixdate(text: &[u8]) -> Option<i64> {
    let mut cursor = Cursor::new(text);
    cursor.one_of(&DAYS)?;
    cursor.literal(", ")?;
    let day = cursor.two_digits()?;
    cursor.literal(" ")?;
    let month = month(&mut cursor)?;
    cursor.literal(" ")?;
    let year = year(&mut cursor)?;
    cursor.literal(" ")?;
    let time = Time::read(&mut cursor)?;
    cursor.literal(" GMT")?;
    cursor.end()?;
    unix_secs(Date { year, month, day }, time)
}

/// Of the years that end in the two digits, the last that is no more than 50 years ahead is meant.
fn rfc850(text: &[u8], now: Timestamp) -> Option<i64> {
    let mut cursor = Cursor::new(text);
    cursor.one_of(&LONG_DAYS)?;
    cursor.literal(", ")?;
    let day = cursor.two_digits()?;
    cursor.literal("-")?;
    let month = month(&mut cursor)?;
    cursor.literal("-")?;
    let digits = i64::from(cursor.two_digits()?);
    cursor.literal(" ")?;
    let time = Time::read(&mut cursor)?;
    cursor.literal(" GMT")?;
    cursor.end()?;
    let now = i64::try_from(now.as_nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    let latest = now.saturating_add(FIFTY_YEARS_SECS);
    let dates = CENTURIES.iter().map(|century| century.saturating_add(digits));
    dates.filter_map(|year| unix_secs(Date { year, month, day }, time)).find(|secs| *secs <= latest)
}

fn asctime(text: &[u8]) -> Option<i64> {
    let mut cursor = Cursor::new(text);
    cursor.one_of(&DAYS)?;
    cursor.literal(" ")?;
    let month = month(&mut cursor)?;
    cursor.literal(" ")?;
    let day = match cursor.literal(" ") {
        Some(()) => cursor.digit()?,
        None => cursor.two_digits()?,
    };
    cursor.literal(" ")?;
    let time = Time::read(&mut cursor)?;
    cursor.literal(" ")?;
    let year = year(&mut cursor)?;
    cursor.end()?;
    unix_secs(Date { year, month, day }, time)
}

/// Reads a month's name as its number.
fn month(cursor: &mut Cursor<'_>) -> Option<u8> {
    let index = cursor.one_of(&MONTHS)?;
    u8::try_from(index.saturating_add(1)).ok()
}
