//! Whatever bytes come: an answer within the bounds, the same in any order, and what is malformed
//! changes nothing.

use proptest::prelude::*;
use tollgate_core::feedback::{Feedback, LEVELS_MAX, WAIT_MAX};
use tollgate_core::{Span, Timestamp, UNITS_MAX};

use crate::support::{config, time};

type Header = (Vec<u8>, Vec<u8>);

/// Names that are read, so that values reach the parsers.
const NAMES: [&str; 15] = [
    "Retry-After",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "age",
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-reset-after",
    "x-rate-limit-reset",
    "anthropic-ratelimit-input-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-output-tokens-reset",
];
/// Well-formed for one name or another.
const VALUES: [&str; 24] = [
    "0",
    "1",
    "5.25",
    "5, 10",
    "100;w=60",
    "1800000060",
    "1800000060000",
    "18446744073709551616",
    "6m0s",
    "12ms",
    "1h2m3.5s",
    "Fri, 15 Jan 2027 08:01:30 GMT",
    "Friday, 15-Jan-27 08:01:30 GMT",
    "Fri Jan 15 08:01:30 2027",
    "2027-01-15T08:01:30Z",
    "2027-01-15T08:01:30.123456789-05:30",
    "9999-12-31T23:59:60.9999999999-23:59",
    "\"a\";r=50;t=30",
    "\"a\";q=100;w=60, \"b\";q=5;pk=:aGk=:",
    "limit=100, remaining=50, reset=30",
    "\"requests\";r=0;t=1",
    "tokens;r=7;x=?1;y=@5;z=%\"a\";u=1.5",
    "999999999999999",
    "-1",
];
/// Malformed for every name.
const MALFORMED: [&str; 16] = [
    "",
    "soon",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "NaN",
    "1..5",
    "5 s",
    "\"a\";r=5, ",
    "\"a",
    "(1 2)",
    "2027-02-29T00:00:00Z",
    "Mon, 29 Feb 2027 00:00:00 GMT",
    "\u{661}",
    "limit=, remaining=",
];

fn known() -> impl Strategy<Value = Header> {
    let bytes = |text: &str| text.as_bytes().to_vec();
    (0..NAMES.len(), 0..VALUES.len()).prop_map(move |(n, v)| (bytes(NAMES[n]), bytes(VALUES[v])))
}

/// A known header of which some bytes are others, or are missing, or are there twice.
fn damaged() -> impl Strategy<Value = Header> {
    (known(), any::<[(u8, u8, u8); 2]>()).prop_map(|((name, mut value), damages)| {
        for (at, kind, byte) in damages {
            let at = usize::from(at) % (value.len() + 1);
            match kind % 4 {
                0 => value.insert(at, byte),
                1 => value.truncate(at),
                2 if at < value.len() => {
                    value[at] = b"0123456789-+:;,.\"= TZ"[usize::from(byte) % 21]
                }
                _ => value.extend_from_within(at..),
            }
        }
        (name, value)
    })
}

fn arbitrary() -> impl Strategy<Value = Header> {
    any::<(Vec<u8>, Vec<u8>)>()
}

fn headers() -> impl Strategy<Value = Vec<Header>> {
    proptest::collection::vec(prop_oneof![3 => known(), 5 => damaged(), 1 => arbitrary()], 0..12)
}

fn malformed() -> impl Strategy<Value = Header> {
    (0..NAMES.len(), 0..MALFORMED.len())
        .prop_map(|(n, v)| (NAMES[n].as_bytes().to_vec(), MALFORMED[v].as_bytes().to_vec()))
}

fn within_bounds(feedback: &Feedback) -> Result<(), TestCaseError> {
    let span = |span: Option<Span>| span.is_none_or(|span| span <= WAIT_MAX);
    let units = |units: Option<u64>| units.is_none_or(|units| units <= UNITS_MAX);
    prop_assert!(span(feedback.cooldown) && span(feedback.wait()));
    prop_assert!(feedback.levels.len() <= LEVELS_MAX);
    for level in &feedback.levels {
        prop_assert!(units(level.limit) && units(level.remaining) && span(level.reset_after));
        let known = (level.limit, level.remaining, level.reset_after);
        prop_assert_ne!(known, (None, None, None));
    }
    prop_assert!(feedback.levels.is_sorted_by(|a, b| a.dimension < b.dimension));
    Ok(())
}

/// The values above are well-formed each for some name, so that the laws speak of something.
#[test]
fn known_values_say_something() {
    let now = Timestamp::from_secs(1_800_000_000);
    for value in VALUES.iter().filter(|value| **value != "-1") {
        let said = |name: &&str| {
            Feedback::from_headers(429, [(*name, *value)], now) != Feedback::default()
        };
        assert!(NAMES.iter().any(said), "{value}");
    }
}

proptest! {
    #![proptest_config(config())]

    /// Any names and values give an answer, within the bounds.
    #[test]
    fn any_bytes_give_an_answer(status in prop_oneof![Just(429), any::<u16>()], headers in headers(), now in time()) {
        let feedback = Feedback::from_headers(status, headers, now);
        within_bounds(&feedback)?;
    }

    /// Headers in another order say the same.
    #[test]
    fn order_makes_no_difference((headers, shuffled) in headers().prop_flat_map(|headers| {
        (Just(headers.clone()), Just(headers).prop_shuffle())
    }), now in time()) {
        let feedback = Feedback::from_headers(429, headers, now);
        prop_assert_eq!(Feedback::from_headers(429, shuffled, now), feedback);
    }

    /// Headers that come twice say the same as once.
    #[test]
    fn repeating_makes_no_difference(headers in headers(), now in time()) {
        let twice = headers.iter().chain(&headers).cloned();
        let feedback = Feedback::from_headers(429, headers.clone(), now);
        prop_assert_eq!(Feedback::from_headers(429, twice, now), feedback);
    }

    /// Malformed values and headers that nobody knows, wherever they stand, change nothing about what
    /// the others say.
    #[test]
    fn what_is_malformed_changes_nothing(
        headers in headers(),
        bad in proptest::collection::vec((malformed(), any::<prop::sample::Index>()), 1..6),
        now in time(),
    ) {
        let feedback = Feedback::from_headers(429, headers.clone(), now);
        let mut mixed = headers;
        for (header, index) in bad {
            mixed.insert(index.index(mixed.len() + 1), header);
        }
        prop_assert_eq!(Feedback::from_headers(429, mixed, now), feedback);
    }

    /// One more answer about a level never makes it look better.
    #[test]
    fn another_level_only_tightens(headers in headers(), more in known(), now in time()) {
        // An age above zero drops all levels; that is another rule.
        let (mut headers, mut more) = (headers, vec![more]);
        headers.retain(|(name, _)| name != b"age");
        more.retain(|(name, _)| name != b"age");
        let before = Feedback::from_headers(429, headers.clone(), now);
        let after = Feedback::from_headers(429, headers.into_iter().chain(more), now);
        for level in before.levels {
            let same = after.levels.iter().find(|other| other.dimension == level.dimension).unwrap();
            prop_assert!(level.remaining.is_none_or(|units| same.remaining.unwrap() <= units));
            prop_assert!(level.limit.is_none_or(|units| same.limit.unwrap() <= units));
            prop_assert!(same.reset_after >= level.reset_after);
        }
    }

    /// Letter case in names makes no difference.
    #[test]
    fn names_have_no_case(headers in headers(), now in time()) {
        let feedback = Feedback::from_headers(429, headers.clone(), now);
        for convert in [<[u8]>::to_ascii_uppercase, <[u8]>::to_ascii_lowercase] {
            let other = headers.iter().map(|(name, value)| (convert(name), value));
            prop_assert_eq!(&Feedback::from_headers(429, other, now), &feedback);
        }
    }
}
