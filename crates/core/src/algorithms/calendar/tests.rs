//! The calendar against a walk through it, day by day.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::algorithms::rule::laws::config;
use crate::time::Timestamp;

const OFFSETS_SECS: [i32; 7] =
    [0, 1, -1, 20_700, -18_000, UTC_OFFSET_SECS_MAX, -UTC_OFFSET_SECS_MAX];
const UNITS: [CalendarUnit; 3] = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month];

fn month_days(year: i64, month: u8) -> u8 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day after a date.
fn tomorrow((year, month, day): (i64, u8, u8)) -> (i64, u8, u8) {
    if day < month_days(year, month) {
        (year, month, day + 1)
    } else if month < 12 {
        (year, month + 1, 1)
    } else {
        (year + 1, 1, 1)
    }
}

/// When a day starts at an offset: what is before the epoch counts as that.
fn midnight_ns(day: i64, offset_secs: i32) -> u64 {
    let secs = day * 86_400 - i64::from(offset_secs);
    u64::try_from(secs).map_or(0, |secs| secs * 1_000_000_000)
}

/// Every day from 1970 to 2262 has the date, and the date the day, that walking there gives.
#[test]
fn dates() {
    let mut date = (1970, 1, 1);
    for day in 0.. {
        assert_eq!(civil_from_days(day), date);
        assert_eq!(days_from_civil(date.0, date.1, date.2), day);
        date = tomorrow(date);
        if date == (2263, 1, 1) {
            break;
        }
    }
}

/// Dates around the rules for leap years, and before the epoch, which others have worked out.
#[test]
fn dates_of_note() {
    for (date, day) in [
        ((0, 3, 1), -719_468),
        ((1582, 10, 15), -141_427),
        ((1600, 2, 29), -135_081),
        ((1900, 2, 28), -25_509),
        ((1900, 3, 1), -25_508),
        ((1969, 12, 31), -1),
        ((2000, 2, 29), 11_016),
        ((2038, 1, 19), 24_855),
        ((2262, 4, 11), 106_751),
    ] {
        let (year, month, day_of_month) = date;
        assert_eq!(days_from_civil(year, month, day_of_month), day, "{date:?}");
        assert_eq!(civil_from_days(day), date);
    }
    assert_eq!(Timestamp::MAX.as_nanos() / 86_400_000_000_000, 106_751);
}

/// The starts of all units that begin from 1970 to 2262, found by walking: Thursday is the first day.
fn starts(unit: CalendarUnit) -> impl Iterator<Item = i64> {
    let mut date = (1969, 12, 1);
    (-31_i64..107_000).filter(move |day| {
        let (_, _, day_of_month) = date;
        date = tomorrow(date);
        match unit {
            CalendarUnit::Day => true,
            CalendarUnit::Week => (day + 3) % 7 == 0,
            CalendarUnit::Month => day_of_month == 1,
        }
    })
}

/// Every day, week and month from 1970 to 2262 starts and ends where walking says, at every offset:
/// its first and its last nanosecond belong to it, and its number follows that of the one before.
#[test]
fn units_of_the_calendar() {
    for (unit, offset) in UNITS.iter().flat_map(|unit| OFFSETS_SECS.map(|offset| (*unit, offset))) {
        let mut walk = starts(unit).map(|day| midnight_ns(day, offset)).peekable();
        let mut expected = None;
        while let (Some(start), Some(end)) = (walk.next(), walk.peek()) {
            if *end == 0 {
                continue;
            }
            let number = unit.number(start, offset);
            assert_eq!(number, *expected.get_or_insert(number));
            assert_eq!(unit.number(end - 1, offset), number, "{unit:?} of {start} at {offset}");
            assert_eq!(unit.start_ns(number, offset), start, "{unit:?} {number} at {offset}");
            assert_eq!(unit.start_ns(number + 1, offset), *end);
            expected = Some(number + 1);
        }
        assert!(expected.is_some());
    }
}

/// The first of a week is a Monday: 2024-01-01 was one.
#[test]
fn weeks_start_on_monday() {
    let monday = midnight_ns(days_from_civil(2024, 1, 1), 0);
    let week = CalendarUnit::Week;
    assert_eq!(week.number(monday - 1, 0) + 1, week.number(monday, 0));
    assert_eq!(week.start_ns(week.number(monday + 6 * 86_400_000_000_000, 0), 0), monday);
}

/// Local midnight comes earlier in the east: at an offset of an hour, at 23:00 UTC.
#[test]
fn offsets_are_local_time_less_utc() {
    let hour_ns = 3_600 * 1_000_000_000;
    let day = CalendarUnit::Day;
    assert_eq!(day.start_ns(1, 3_600), 23 * hour_ns);
    assert_eq!(day.start_ns(1, -3_600), 25 * hour_ns);
    assert_eq!((day.number(0, 3_600), day.number(0, -3_600)), (0, -1));
    // The day that the epoch lies in began before it.
    assert_eq!((day.start_ns(0, 3_600), day.start_ns(-1, -3_600)), (0, 0));
}

proptest! {
    #![proptest_config(config())]

    /// A day has one date, and the date that day, in millions of years both ways.
    #[test]
    fn dates_far_away(day in -1_000_000_000_i64..1_000_000_000) {
        let (year, month, day_of_month) = civil_from_days(day);
        prop_assert!((1..=12).contains(&month));
        prop_assert!((1..=month_days(year, month)).contains(&day_of_month));
        prop_assert_eq!(days_from_civil(year, month, day_of_month), day);
        prop_assert_eq!(civil_from_days(day + 1), tomorrow((year, month, day_of_month)));
    }

    /// No number makes any of it panic, and no later one gives an earlier start.
    #[test]
    fn any_number_will_do(
        numbers in any::<[i64; 2]>(),
        times in any::<[u64; 2]>(),
        offset in any::<i32>(),
        month in any::<u8>(),
        day in any::<u8>(),
    ) {
        for number in [numbers[0], i64::MIN, i64::MAX] {
            days_from_civil(number, month, day);
            civil_from_days(number);
        }
        let (number, time) = (numbers[0].min(numbers[1]), times[0].min(times[1]));
        for unit in UNITS {
            prop_assert!(unit.start_ns(number, offset) <= unit.start_ns(numbers[1], offset));
            prop_assert!(unit.number(time, offset) <= unit.number(times[1], offset));
            prop_assert_eq!(unit.start_ns(i64::MIN, offset), 0);
            prop_assert_eq!(unit.start_ns(i64::MAX, offset), u64::MAX);
        }
    }
}
