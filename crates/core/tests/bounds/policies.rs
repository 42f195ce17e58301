//! Policies: how many limits, and which names.

use tollgate_core::{
    Algorithm, FOREIGN_BYTES_MAX, HOLD_TTL_MAX, HOLDS_MAX, LIMITS_MAX, LOG_ENTRIES_MAX, LOGS_MAX,
    Limit, NAME_BYTES_MAX, Name, Policy, PolicyError, REASON_BYTES_MAX, RECORD_BYTES_MAX,
    REQUEST_IDS_MAX, SKEW_MAX, SOURCE_BYTES_MAX, Span, Timestamp, UNITS_MAX, UTC_OFFSET_SECS_MAX,
};

use crate::{SECOND, numbered, refused};

/// The numbers in the documentation are those of the code.
#[test]
fn the_documented_numbers_hold() {
    assert_eq!((LIMITS_MAX, NAME_BYTES_MAX), (16, 64));
    assert_eq!(UNITS_MAX, 9_007_199_254_740_991);
    let year = 365.2425 * 86_400.0 * 1e9;
    assert_eq!((Span::MAX.as_nanos() as f64 / year).floor(), 146.0);
    assert_eq!(1970.0 + (Timestamp::MAX.as_nanos() as f64 / year).floor(), 2262.0);
    assert_eq!((SKEW_MAX, HOLD_TTL_MAX), (Span::from_secs(60), Span::from_secs(31 * 86_400)));
    assert_eq!((LOGS_MAX, LOG_ENTRIES_MAX), (4, 1_024));
    assert_eq!((HOLDS_MAX, REQUEST_IDS_MAX), (1_024, 16));
    assert_eq!((SOURCE_BYTES_MAX, REASON_BYTES_MAX, UTC_OFFSET_SECS_MAX), (64, 256, 64_800));
    assert_eq!((FOREIGN_BYTES_MAX, RECORD_BYTES_MAX), (1_024, 351_897));
}

/// A policy has 0 to 16 limits, each with a name of its own.
#[test]
fn limits_in_a_policy() {
    assert_eq!(Policy::new([]).unwrap().limits().len(), 0);
    assert_eq!(Policy::new(numbered(LIMITS_MAX)).unwrap().limits().len(), LIMITS_MAX);
    let error = refused(Policy::new(numbered(LIMITS_MAX + 1)));
    assert_eq!(error, "a policy has at most 16 limits");
    // A list without an end is not read to its end.
    let endless = numbered(1).cycle();
    assert_eq!(Policy::new(endless).unwrap_err(), PolicyError::TooManyLimits);
    let error = refused(Policy::new(numbered(1).chain(numbered(1))));
    assert_eq!(error, "two limits are named limit-0");
}

/// At most four of them are sliding logs.
#[test]
fn logs_in_a_policy() {
    let algorithm = Algorithm::SlidingLog { limit: 1, period: SECOND };
    let logs = |count| (0..count).map(move |i| Limit::new(&format!("log-{i}"), algorithm).unwrap());
    assert!(Policy::new(logs(LOGS_MAX).chain(numbered(LIMITS_MAX - LOGS_MAX))).is_ok());
    assert_eq!(refused(Policy::new(logs(LOGS_MAX + 1))), "a policy has at most 4 sliding logs");
}

/// Two names with the same 32-bit hash are refused: a record could not tell them apart.
#[test]
fn names_with_the_same_hash() {
    let limit = |name| Limit::gcra(name, 1, SECOND, 1).unwrap();
    let error = refused(Policy::new([limit("costarring"), limit("liquid")]));
    assert_eq!(error, "the names costarring and liquid have the same hash; rename one of them");
}

/// A name has 1 to 64 bytes of a few characters.
#[test]
fn names() {
    let message =
        "name: must be 1 to 64 ASCII letters, digits, '_', '-' or '.', and not dots alone";
    let longest = "n".repeat(NAME_BYTES_MAX);
    let taken = ["a", "Z", "0", "_", "-", ".a", "v1.2", &longest];
    for name in taken {
        assert_eq!(&**Limit::gcra(name, 1, SECOND, 1).unwrap().name(), name);
    }
    let too_long = "n".repeat(NAME_BYTES_MAX + 1);
    for name in ["", ".", "..", &too_long, "a b", "a/b", "a\n", "a\0", "é", "a:b"] {
        assert_eq!(refused(Limit::gcra(name, 1, SECOND, 1)), message, "{name:?}");
        assert_eq!(Name::new(name), None);
    }
    // Of all characters of one byte exactly these are taken.
    let all = (0..=127_u8).map(char::from).filter(|c| Name::new(&format!("n{c}")).is_some());
    let expected = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    assert_eq!(all.collect::<String>(), expected);
}
