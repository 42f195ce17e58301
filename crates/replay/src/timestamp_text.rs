//! Times as traces write them, and as reports show them.

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use tollgate_core::Timestamp;

use crate::trace::excerpt;

/// Maximum digits after the decimal point of a number.
const FRACTION_DIGITS_MAX: usize = 9;

/// Bounds and units: a number below the bound counts units of that many nanoseconds. A bound is 3,000
/// years after 1970 in its own unit and 3 years after it in the next.
const UNITS: [(u64, u64); 4] = [
    (100_000_000_000, 1_000_000_000),
    (100_000_000_000_000, 1_000_000),
    (100_000_000_000_000_000, 1_000),
    (u64::MAX, 1),
];

/// Reads a time:
///
/// * a number since 1970: seconds, milliseconds, microseconds or nanoseconds, depending on its size, with
///   up to 9 digits after a point;
/// * an access log's time: `17/May/2015:10:05:03 +0000`;
/// * RFC 3339, optionally with a space for the `T`; without an offset it is taken as UTC.
///
/// The error is a sentence about `text`.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let time = if text.is_empty() {
        return Err("the time is empty".to_owned());
    } else if is_number(text) {
        from_number(text)
    } else if text.contains('/') {
        from_log(text)
    } else {
        from_rfc3339(text)
    };
    let nanos = time.ok_or_else(|| format!("{} is no time", excerpt(text)))?;
    u64::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos <= Timestamp::MAX.as_nanos())
        .map(Timestamp::from_nanos)
        .ok_or_else(|| format!("{} is not between 1970 and 2262", excerpt(text)))
}

/// Nanoseconds since 1970.
fn from_number(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > FRACTION_DIGITS_MAX {
        return None;
    }
    let digits = u32::try_from(fraction.len()).ok()?;
    let (whole, fraction): (u64, u64) = (whole.parse().ok()?, fraction.parse().ok()?);
    let unit = UNITS.iter().find(|(end, _)| whole < *end).map(|(_, unit)| i128::from(*unit))?;
    Some(i128::from(whole) * unit + i128::from(fraction) * unit / 10_i128.pow(digits))
}

fn from_log(text: &str) -> Option<i128> {
    let time = strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?;
    Some(time.to_timestamp().ok()?.as_nanosecond())
}

fn from_rfc3339(text: &str) -> Option<i128> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_nanosecond());
    }
    let time = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp().as_nanosecond())
}

/// `time` as a calendar time.
pub(crate) fn calendar(time: Timestamp) -> jiff::Timestamp {
    // Every `Timestamp` fits: jiff's range ends in the year 9999.
    jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos())).unwrap_or(jiff::Timestamp::MAX)
}

/// `time` in RFC 3339, in UTC, with as many digits as needed.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    calendar(time).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_to_write_a_time_is_read_to_the_nanosecond() {
        let rows = [
            ("2023-11-16T18:17:03Z", 1_700_158_623_000_000_000),
            ("2023-11-16T19:17:03+01:00", 1_700_158_623_000_000_000),
            ("2023-11-16 18:17:03.123456789Z", 1_700_158_623_123_456_789),
            ("2023-11-16 18:17:03.9799600", 1_700_158_623_979_960_000),
            ("2023-11-16T18:17:03", 1_700_158_623_000_000_000),
            ("2023-11-16", 1_700_092_800_000_000_000),
            ("17/May/2015:10:05:03 +0000", 1_431_857_103_000_000_000),
            ("17/May/2015:10:05:03 -0730", 1_431_884_103_000_000_000),
            ("1700158623", 1_700_158_623_000_000_000),
            ("1700158623.97996", 1_700_158_623_979_960_000),
            ("1700158623.123456789", 1_700_158_623_123_456_789),
            ("1700158623979", 1_700_158_623_979_000_000),
            ("1700158623979.25", 1_700_158_623_979_250_000),
            ("1700158623979960", 1_700_158_623_979_960_000),
            ("1700158623979960123", 1_700_158_623_979_960_123),
            ("0", 0),
        ];
        for (text, nanos) in rows {
            assert_eq!(parse(text).map(Timestamp::as_nanos), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn the_unit_of_a_number_changes_where_it_would_be_after_the_year_5000() {
        for digits in [12, 15, 18] {
            let first_of_unit = 10_u64.pow(digits - 1);
            let nanos = parse(&first_of_unit.to_string()).map(Timestamp::as_nanos);
            assert_eq!(nanos, Ok(100_000_000_000_000_000), "March 1973 for {first_of_unit}");
            let error = parse(&(first_of_unit - 1).to_string()).unwrap_err();
            assert!(error.ends_with("is not between 1970 and 2262"), "{error}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_text_in_the_message() {
        for text in [
            "soon",
            "2023-11-16 25:00:00",
            "2023-02-30T00:00:00Z",
            "2023-11-16T18:17:03.1234567891Z",
            "17/May/2015:10:05:03",
            "32/May/2015:10:05:03 +0000",
            "17/Mai/2015:10:05:03 +0000",
            "1.2.3",
            ".",
            "1.",
            ".5",
            "1700158623.1234567891",
            "99999999999999999999",
            "-5",
            "1e9",
        ] {
            assert_eq!(parse(text), Err(format!("{text:?} is no time")));
        }
        assert_eq!(parse(""), Err("the time is empty".to_owned()));
        let long = "x".repeat(10_000);
        assert!(parse(&long).unwrap_err().len() < 100, "long texts are cut");
    }

    #[test]
    fn times_before_1970_and_after_2262_are_refused() {
        for text in ["1969-12-31T23:59:59Z", "2262-04-12T00:00:00Z", "99999999999"] {
            assert_eq!(parse(text), Err(format!("{text:?} is not between 1970 and 2262")));
        }
        assert_eq!(parse("2262-04-11T23:47:16Z").map(rfc3339), Ok("2262-04-11T23:47:16Z".into()));
    }

    proptest! {
        #[test]
        fn a_time_that_is_shown_is_read_back(nanos in 0..=Timestamp::MAX.as_nanos()) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(parse(&rfc3339(time)), Ok(time));
        }

        #[test]
        fn any_text_gives_a_time_or_an_error(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
