//! Dates and times of day as texts spell them.

use super::cursor::Cursor;
use crate::algorithms::calendar::{days_from_civil, days_in_month};
use crate::time::Timestamp;

/// A day as it was written; it need not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Date {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
}

impl Date {
    /// Days since 1970-01-01, if there is such a day.
    fn days(self) -> Option<i64> {
        let exists = (1..=days_in_month(self.year, self.month)).contains(&self.day);
        exists.then(|| days_from_civil(self.year, self.month, self.day))
    }
}

/// A time of day. A leap second, `23:59:60`, is the first second of the next minute, as in Unix time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    hour: u8,
    minute: u8,
    second: u8,
}

impl Time {
    /// Reads `hh:mm:ss`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let hour = cursor.two_digits()?;
        cursor.literal(":")?;
        let minute = cursor.two_digits()?;
        cursor.literal(":")?;
        let second = cursor.two_digits()?;
        (hour <= 23 && minute <= 59 && second <= 60).then_some(Self { hour, minute, second })
    }

    const fn seconds(self) -> i64 {
        seconds(self.hour, self.minute).saturating_add(self.second as i64)
    }
}

/// Reads a year of four digits.
pub(super) fn year(cursor: &mut Cursor<'_>) -> Option<i64> {
    let century = cursor.two_digits()?;
    Some(i64::from(century).saturating_mul(100).saturating_add(i64::from(cursor.two_digits()?)))
}

/// Hours and minutes in seconds.
pub(super) const fn seconds(hours: u8, minutes: u8) -> i64 {
    (hours as i64).saturating_mul(3_600).saturating_add((minutes as i64).saturating_mul(60))
}

/// Seconds since the Unix epoch of a time in UTC, negative before it; `None` if there is no such day.
pub(super) fn unix_secs(date: Date, time: Time) -> Option<i64> {
    Some(date.days()?.saturating_mul(86_400).saturating_add(time.seconds()))
}

/// The point in time so many seconds and nanoseconds after the epoch; what lies before counts as it.
pub(super) fn timestamp(unix_secs: i64, nanos: u64) -> Timestamp {
    match u64::try_from(unix_secs) {
        Ok(secs) => Timestamp::from_nanos(secs.saturating_mul(1_000_000_000).saturating_add(nanos)),
        Err(_) => Timestamp::EPOCH,
    }
}
