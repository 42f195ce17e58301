//! What is written down exactly is read back exactly. Dates are written by jiff.

use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use tollgate_core::feedback::WAIT_MAX;
use tollgate_core::{Span, Timestamp};

use crate::support::{config, magnitude};
use crate::{cooldown, heard, reset};

const SECOND_NS: u64 = 1_000_000_000;

/// A whole second from the epoch to the year 2262, and how long before it the response came.
fn ahead() -> impl Strategy<Value = (u64, Span)> {
    let latest = Timestamp::MAX.as_nanos() / SECOND_NS;
    (0..=latest, magnitude(0, WAIT_MAX.as_nanos()))
        .prop_map(|(secs, before)| (secs, Span::from_nanos(before.min(secs * SECOND_NS))))
}

/// The time `span` before `at`.
fn before(at: u64, span: Span) -> Timestamp {
    Timestamp::from_nanos(at - span.as_nanos())
}

fn zoned(secs: u64, nanos: u64, offset_minutes: i32) -> jiff::Zoned {
    let at = jiff::Timestamp::new(secs.try_into().unwrap(), nanos.try_into().unwrap()).unwrap();
    at.to_zoned(TimeZone::fixed(Offset::from_seconds(offset_minutes * 60).unwrap()))
}

/// A span as Go's `Duration.String` writes it.
fn go(nanos: u64) -> String {
    let fraction = |unit: u64| {
        let digits = unit.ilog10() as usize;
        let text = format!("{}.{:0digits$}", nanos / unit, nanos % unit);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let (hours, minutes) = (nanos / 3_600 / SECOND_NS, nanos / 60 / SECOND_NS % 60);
    let seconds = {
        let text = format!("{}.{:09}", nanos / SECOND_NS % 60, nanos % SECOND_NS);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", fraction(1_000)),
        1_000_000..SECOND_NS => format!("{}ms", fraction(1_000_000)),
        _ if hours > 0 => format!("{hours}h{minutes}m{seconds}s"),
        _ if minutes > 0 => format!("{minutes}m{seconds}s"),
        _ => format!("{seconds}s"),
    }
}

/// The writer above writes what Go's documentation shows.
#[test]
fn spans_are_written_as_go_does() {
    let cases = [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (245_000_000_000, "4m5s"),
        (18_367_000_000_000, "5h6m7s"),
        (360_000_000_000, "6m0s"),
    ];
    for (nanos, text) in cases {
        assert_eq!(go(nanos), text);
    }
}

proptest! {
    #![proptest_config(config())]

    /// An IMF-fixdate is the whole second that was written.
    #[test]
    fn imf_fixdates((secs, span) in ahead()) {
        let at = zoned(secs, 0, 0).timestamp();
        let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap();
        prop_assert_eq!(cooldown(&text, before(secs * SECOND_NS, span)), Some(span));
    }

    /// So is the same date in asctime's form, and in RFC 850's, since it is at most a month ahead.
    #[test]
    fn obsolete_dates((secs, span) in ahead()) {
        let (at, now) = (zoned(secs, 0, 0), before(secs * SECOND_NS, span));
        let asctime = at.strftime("%a %b %e %H:%M:%S %Y").to_string();
        prop_assert_eq!(cooldown(&asctime, now), Some(span), "{}", asctime);
        let rfc850 = at.strftime("%A, %d-%b-%y %H:%M:%S GMT").to_string();
        prop_assert_eq!(cooldown(&rfc850, now), Some(span), "{}", rfc850);
    }

    /// Two digits of a year mean the last such year that is no more than 50 years ahead.
    #[test]
    fn years_of_two_digits(year in 1970..=2200_i16, now in 1970..=2200_i16, day in 1..=365_i16) {
        let noon = |year| jiff::civil::date(year, 1, 1).at(12, 0, 0, 0) + jiff::Span::new().days(day - 1);
        let unix = |date: jiff::civil::DateTime| date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
        let (date, at) = (noon(year), unix(noon(now)));
        let text = date.strftime("%A, %d-%b-%y %H:%M:%S GMT").to_string();
        let same = (1870..=2300).step_by(10).flat_map(|decade| decade..decade + 10)
            .filter(|other| other % 100 == year % 100)
            .filter_map(|other| jiff::civil::Date::new(other, date.month(), date.day()).ok())
            .map(|date| unix(date.at(12, 0, 0, 0)));
        // 50 years of 365.2425 days.
        let meant = same.filter(|secs| *secs <= at + 1_577_847_600).max().unwrap();
        let expected = Span::from_secs(u64::try_from(meant - at).unwrap_or(0)).min(WAIT_MAX);
        prop_assert_eq!(cooldown(&text, Timestamp::from_secs(at.try_into().unwrap())), Some(expected));
    }

    /// An RFC 3339 timestamp is the nanosecond that was written, whatever its offset.
    #[test]
    fn rfc3339_timestamps(
        (secs, span) in ahead(),
        nanos in 0..SECOND_NS,
        offset in -1_439..=1_439_i32,
    ) {
        let at = secs * SECOND_NS + nanos;
        let at = at.min(Timestamp::MAX.as_nanos());
        // No offset leads out of the years that have four digits.
        let text = zoned(at / SECOND_NS, at % SECOND_NS, offset).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
        prop_assert_eq!(reset(&text, before(at, span)), Some(span), "{}", text);
    }

    /// A span as Go writes it is the nanosecond that was written.
    #[test]
    fn go_durations(nanos in magnitude(0, WAIT_MAX.as_nanos()), now in any::<u64>()) {
        let text = go(nanos);
        prop_assert_eq!(reset(&text, Timestamp::from_nanos(now)), Some(Span::from_nanos(nanos)), "{}", text);
    }

    /// Seconds with nine digits behind the point are exact, as a span and as a date; with more digits
    /// they are rounded up.
    #[test]
    fn decimals(nanos in magnitude(0, WAIT_MAX.as_nanos()), more in "[0-9]{0,30}", now in 1_800_000_000..9_000_000_000_u64) {
        let write = |nanos| format!("{}.{:09}", nanos / SECOND_NS, nanos % SECOND_NS);
        let up = more.bytes().any(|digit| digit != b'0');
        let expected = Some(Span::from_nanos(nanos + u64::from(up)).min(WAIT_MAX));
        let now_ns = now * SECOND_NS;
        let now = Timestamp::from_nanos(now_ns);
        prop_assert_eq!(cooldown(&(write(nanos) + &more), now), expected);
        prop_assert_eq!(reset(&(write(nanos) + &more), now), expected);
        prop_assert_eq!(reset(&(write(now_ns + nanos) + &more), now), expected);
    }

    /// Milliseconds with six digits behind the point are exact too.
    #[test]
    fn milliseconds(nanos in magnitude(0, WAIT_MAX.as_nanos()), more in "[0-9]{0,30}") {
        let text = format!("{}.{:06}{more}", nanos / 1_000_000, nanos % 1_000_000);
        let up = more.bytes().any(|digit| digit != b'0');
        let expected = Some(Span::from_nanos(nanos + u64::from(up)).min(WAIT_MAX));
        prop_assert_eq!(heard("retry-after-ms", &text, Timestamp::EPOCH).cooldown, expected);
    }
}

/// A date of two digits that is exactly 50 years ahead is that; a second more, and it has passed.
#[test]
fn fifty_years_ahead() {
    let at = jiff::civil::date(2077, 1, 15).at(8, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let exactly = u64::try_from(at.timestamp().as_second()).unwrap() - 1_577_847_600;
    let said = |now| cooldown("Friday, 15-Jan-77 08:00:00 GMT", Timestamp::from_secs(now));
    assert_eq!(said(exactly), Some(WAIT_MAX));
    assert_eq!(said(exactly - 1), Some(Span::ZERO));
}

/// Every day from the epoch to the end of time is read as the day it is: no leap day is lost.
#[test]
fn every_day() {
    let mut date = jiff::civil::date(1970, 1, 1);
    let end = Timestamp::MAX.as_nanos() / SECOND_NS / 86_400;
    for day in 1..=end {
        date = date.tomorrow().unwrap();
        let yesterday = Timestamp::from_secs((day - 1) * 86_400);
        assert_eq!(
            reset(&format!("{date}T00:00:00Z"), yesterday),
            Some(Span::from_secs(86_400)),
            "{date}"
        );
    }
    assert_eq!(date, jiff::civil::date(2262, 4, 11));
}
