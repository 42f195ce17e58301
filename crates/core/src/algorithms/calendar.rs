//! The civil calendar: the day, week or month that contains a time, at a fixed offset from UTC.
//!
//! Days are counted from 1970-01-01 in the proleptic Gregorian calendar. A date becomes such a count,
//! and a count a date, by the algorithms of Howard Hinnant, "chrono-Compatible Low-Level Date
//! Algorithms" (<https://howardhinnant.github.io/date_algorithms.html>): a year that begins in March
//! has its leap day at the end, and an era of 400 years always has as many days.

use crate::time::Span;

/// The furthest that local time may be from UTC, in seconds: 18 hours, either way. The zones of the
/// world lie between -12 and +14 hours; more is a mistake in the unit.
pub const UTC_OFFSET_SECS_MAX: i32 = 18 * 3_600;

const SECOND_NS: u64 = 1_000_000_000;
const DAY_SECS: i64 = 86_400;
const WEEK_DAYS: i64 = 7;
const YEAR_MONTHS: i64 = 12;
const ERA_YEARS: i64 = 400;
const ERA_DAYS: i64 = 146_097;
/// From 0000-03-01, where an era begins, to 1970-01-01.
const EPOCH_IN_ERAS_DAYS: i64 = 719_468;
/// From the Monday before 1970-01-01, a Thursday, to that day.
const EPOCH_IN_WEEK_DAYS: i64 = 3;

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    /// From midnight to midnight.
    Day,
    /// A week of ISO 8601: from Monday to Sunday.
    Week,
    /// A month of the Gregorian calendar: 28 to 31 days.
    Month,
}

impl CalendarUnit {
    /// How long the unit is; of months, the longest.
    pub(crate) const fn longest(self) -> Span {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
        };
        Span::from_secs(DAY_SECS.unsigned_abs().saturating_mul(days))
    }

    /// The number of the unit that contains the time `at_ns`. Numbers are consecutive.
    pub(crate) const fn number(self, at_ns: u64, utc_offset_secs: i32) -> i64 {
        let local_secs = at_ns.div_euclid(SECOND_NS).cast_signed();
        let day = local_secs.saturating_add(utc_offset_secs as i64).div_euclid(DAY_SECS);
        match self {
            Self::Day => day,
            Self::Week => day.saturating_add(EPOCH_IN_WEEK_DAYS).div_euclid(WEEK_DAYS),
            Self::Month => {
                let (year, month, _) = civil_from_days(day);
                year.saturating_mul(YEAR_MONTHS).saturating_add(month as i64).saturating_sub(1)
            }
        }
    }

    /// The time at which the unit of this number starts, and the one before it ends, in nanoseconds:
    /// 0 when that is before the epoch, [`u64::MAX`] when it is later than that.
    pub(crate) const fn start_ns(self, number: i64, utc_offset_secs: i32) -> u64 {
        let day = match self {
            Self::Day => number,
            Self::Week => number.saturating_mul(WEEK_DAYS).saturating_sub(EPOCH_IN_WEEK_DAYS),
            Self::Month => {
                let month = number.rem_euclid(YEAR_MONTHS).saturating_add(1);
                days_from_civil(number.div_euclid(YEAR_MONTHS), month as u8, 1)
            }
        };
        let secs = day.saturating_mul(DAY_SECS).saturating_sub(utc_offset_secs as i64);
        if secs < 0 { 0 } else { secs.cast_unsigned().saturating_mul(SECOND_NS) }
    }
}

/// Whether local time may be so far from UTC: [`UTC_OFFSET_SECS_MAX`] either way.
pub(crate) const fn is_utc_offset(secs: i32) -> bool {
    secs.unsigned_abs() <= UTC_OFFSET_SECS_MAX.unsigned_abs()
}

/// Days from 1970-01-01 to a date, negative before it; `month` is 1 to 12 and `day` 1 to 31.
///
/// Any other number gives some day, and a year beyond the range of the result saturates.
pub(crate) const fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let (year, month) = match month {
        ..3 => (year.saturating_sub(1), (month as i64).saturating_add(9)),
        3.. => (year, (month as i64).saturating_sub(3)),
    };
    let (era, year) = (year.div_euclid(ERA_YEARS), year.rem_euclid(ERA_YEARS));
    // 153 days are five months in a row, counted from March: 31, 30, 31, 30 and 31.
    let month_days = month.saturating_mul(153).saturating_add(2).div_euclid(5);
    let day_of_year = month_days.saturating_add(day as i64).saturating_sub(1);
    era.saturating_mul(ERA_DAYS)
        .saturating_add(days_in_years(year))
        .saturating_add(day_of_year)
        .saturating_sub(EPOCH_IN_ERAS_DAYS)
}

/// The date `days` after 1970-01-01: year, month (1 to 12) and day (1 to 31).
pub(crate) const fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let days = days.saturating_add(EPOCH_IN_ERAS_DAYS);
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    // Without the leap days that came before, each year has 365 days.
    let year = day_of_era
        .saturating_sub(day_of_era.div_euclid(1_460))
        .saturating_add(day_of_era.div_euclid(36_524))
        .saturating_sub(day_of_era.div_euclid(146_096))
        .div_euclid(365);
    let day_of_year = day_of_era.saturating_sub(days_in_years(year));
    let month = day_of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
    let month_days = month.saturating_mul(153).saturating_add(2).div_euclid(5);
    let day = day_of_year.saturating_sub(month_days).saturating_add(1);
    let year = era.saturating_mul(ERA_YEARS).saturating_add(year);
    match month {
        ..10 => (year, month.saturating_add(3) as u8, day as u8),
        10.. => (year.saturating_add(1), month.saturating_sub(9) as u8, day as u8),
    }
}

/// How many days the month has; none if there is no such month.
pub(crate) const fn days_in_month(year: i64, month: u8) -> u8 {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The weekday of a day counted from 1970-01-01: Monday is 0, Sunday 6.
pub(crate) const fn weekday(day: i128) -> u32 {
    day.saturating_add(EPOCH_IN_WEEK_DAYS as i128).rem_euclid(WEEK_DAYS as i128) as u32
}

/// Days in the first `years` years of an era.
const fn days_in_years(years: i64) -> i64 {
    years
        .saturating_mul(365)
        .saturating_add(years.div_euclid(4))
        .saturating_sub(years.div_euclid(100))
}

#[cfg(test)]
mod tests;
